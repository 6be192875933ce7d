using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

/// <summary>What is void: the tokens of a user, of a project, of a domain, or the one with an audit id, that were issued before a time.</summary>
internal sealed record RevocationEvent(string IssuedBefore, string RevokedAt)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? UserId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ProjectId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DomainId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AuditId { get; init; }
}

internal sealed record RevocationEvents(IReadOnlyList<RevocationEvent> Events, CollectionLinks Links);

[JsonSerializable(typeof(RevocationEvents))]
internal sealed partial class RevocationEventsJson : JsonSerializerContext
{
    public static readonly RevocationEventsJson Wire = new(WireJson.Options());
}

/// <summary>Revocations for services that validate tokens themselves; those older than any living token are left out.</summary>
internal sealed class RevocationEventEndpoints(House house, TimeSpan lifetime)
{
    public void Map(Routes api)
    {
        api.Get("/OS-REVOKE/events", "identity:list_revoke_events", List);
        api.Head("/OS-REVOKE/events", "identity:list_revoke_events", List);
    }

    private Task<Answer> List(Call call)
    {
        var since = house.Kernel.Clock.Now() - Micros.Of(lifetime);
        if (call.Query("since") is { } text)
        {
            if (!DateTimeOffset.TryParse(
                text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var at))
            {
                return Task.FromResult<Answer>(new Fault.Invalid("since", $"invalid date format {text}"));
            }

            since = Math.Max(since, Micros.Of(at));
        }

        var model = house.Model;
        var tokens = house.Kernel.Database.Read(session => session.Query<RevokedRow>(
            "SELECT audit_id, revoked_at FROM revoked_tokens WHERE revoked_at >= @since ORDER BY revoked_at", new { since }));
        IReadOnlyList<RevocationEvent> events =
        [
            .. model.Users.All.Where(user => user.RevokedBefore >= since).Select(user => Event(user.RevokedBefore) with { UserId = user.Id }),
            .. model.Projects.All.Where(project => project.RevokedBefore >= since).Select(project => Event(project.RevokedBefore) with { ProjectId = project.Id }),
            .. model.Domains.All.Where(domain => domain.RevokedBefore >= since).Select(domain => Event(domain.RevokedBefore) with { DomainId = domain.Id }),
            .. tokens.Select(row => Event(row.RevokedAt) with { AuditId = row.AuditId }),
        ];
        return Task.FromResult(Answer.Json(200, new RevocationEvents(events, CollectionLinks.Of(call)), RevocationEventsJson.Wire.RevocationEvents));

        static RevocationEvent Event(long at) => new(Micros.ToMicrosZ(at), Micros.ToMicrosZ(at));
    }

    private sealed record RevokedRow
    {
        public string AuditId { get; init; } = "";

        public long RevokedAt { get; init; }
    }
}
