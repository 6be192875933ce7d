using System.Text.Json.Serialization;
using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Trusts;

internal sealed record TrustBody(TrustWrite Trust);

/// <summary>What a client sends to lend its roles.</summary>
internal sealed record TrustWrite(string TrustorUserId, string TrusteeUserId, bool Impersonation)
{
    public string? ProjectId { get; set; }

    public string? ExpiresAt { get; set; }

    public long? RemainingUses { get; set; }

    public bool? AllowRedelegation { get; set; }

    public long? RedelegationCount { get; set; }

    public IReadOnlyList<RoleChoice>? Roles { get; set; }
}

internal sealed record TrustView(
    string Id, string TrustorUserId, string TrusteeUserId, string? ProjectId, bool Impersonation, string? ExpiresAt, long? RemainingUses,
    long RedelegationCount, string? RedelegatedTrustId, string? DeletedAt, SelfLink Links)
{
    /// <summary>Left out of lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RoleView>? Roles { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CollectionLinks? RolesLinks { get; init; }

    public static TrustView From(TrustRow row, House house) => new(
        row.Id, row.TrustorUserId, row.TrusteeUserId, row.ProjectId, row.Impersonation, row.ExpiresAt == 0 ? null : Micros.ToMicrosZ(row.ExpiresAt),
        row.RemainingUses == TrustRow.Unlimited ? null : row.RemainingUses, row.RedelegationCount, row.RedelegatedTrustId, DeletedAt: null,
        new(house.Link("/OS-TRUST/trusts/" + row.Id)));

    public static TrustView From(TrustRow row, IEnumerable<RoleRow> roles, House house) => From(row, house) with
    {
        Roles = [.. roles.Select(role => RoleView.From(role, house))],
        RolesLinks = new CollectionLinks(null, house.Link($"/OS-TRUST/trusts/{row.Id}/roles"), null),
    };
}

internal sealed record TrustAnswer(TrustView Trust);

/// <summary>A trust as the journal has it.</summary>
internal sealed record TrustDocument(
    string Id, string TrustorUserId, string TrusteeUserId, string? ProjectId, bool Impersonation, long ExpiresAt, IReadOnlyList<string> RoleIds);

[JsonSerializable(typeof(TrustBody))]
[JsonSerializable(typeof(TrustView))]
[JsonSerializable(typeof(TrustAnswer))]
[JsonSerializable(typeof(TrustDocument))]
internal sealed partial class TrustJson : JsonSerializerContext
{
    public static readonly TrustJson Wire = new(WireJson.Options(refuseUnknown: false));
}
