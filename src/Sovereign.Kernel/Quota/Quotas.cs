using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Quota;

/// <summary>One countable thing of a project.</summary>
/// <param name="Name">The API's name: "instances", "floatingip".</param>
/// <param name="Default">Limit where the project has none of its own; -1: unlimited.</param>
/// <param name="Recount">SQL with columns project_id, used: what the rows say. Null for limits that nothing is counted against (per-request limits).</param>
public sealed record QuotaResource(string Service, string Name, long Default, string? Recount)
{
    /// <summary>True: <see cref="Name"/> begins the names of a family ("volumes_" of one for each volume type), whose recount has a column name too.</summary>
    public bool Family { get; init; }
}

/// <summary>A project's limit and use of one resource; -1 is unlimited.</summary>
public sealed record QuotaState(string Name, long Limit, long Used);

/// <summary>One usage row per project and resource, changed in the transaction of the change by a conditional UPDATE; the verifier recounts.</summary>
public sealed class Quotas(Database database)
{
    /// <summary>Stands for all projects without limits of their own, where an operator changed a default.</summary>
    private const string Everyone = "*";

    private readonly Dictionary<(string Service, string Name), QuotaResource> resources = [];

    public void Add(QuotaResource resource) => resources.Add((resource.Service, resource.Name), resource);

    /// <summary>Those with names of their own, without families.</summary>
    public IReadOnlyList<QuotaResource> Of(string service) => resources.Values.Where(r => r.Service == service && !r.Family).ToList();

    /// <summary>Takes an amount; a fault when it would exceed the limit.</summary>
    public Outcome<Done> Take(Tx tx, string service, string name, string projectId, long amount)
    {
        if (amount <= 0) return Done.Value;
        var key = new { projectId, service, name, amount, otherwise = Named(service, name).Default };
        if (Add(tx, key)) return Done.Value;
        tx.Execute(
            """
            INSERT INTO quota_usage (project_id, service, name, used) VALUES (@projectId, @service, @name, 0)
            ON CONFLICT (project_id, service, name) DO NOTHING
            """,
            key);
        return Add(tx, key)
            ? Done.Value
            : new Fault.OverQuota(name, Limit(tx, service, name, projectId), Used(tx, service, name, projectId), amount);
    }

    /// <summary>False when there is no usage row yet or the limit is in the way. One statement: every creation comes by here.</summary>
    private static bool Add(Tx tx, object key) => tx.Execute(
        """
        UPDATE quota_usage SET used = used + @amount
        WHERE project_id = @projectId AND service = @service AND name = @name AND COALESCE(
          (SELECT CASE WHEN l.hard_limit < 0 THEN used + @amount ELSE l.hard_limit END FROM quota_limits l
           WHERE l.project_id = @projectId AND l.service = @service AND l.name = @name),
          (SELECT CASE WHEN d.hard_limit < 0 THEN used + @amount ELSE d.hard_limit END FROM quota_limits d
           WHERE d.project_id = '*' AND d.service = @service AND d.name = @name),
          CASE WHEN @otherwise < 0 THEN used + @amount ELSE @otherwise END) >= used + @amount
        """,
        key) == 1;

    /// <summary>Takes an amount whatever the limit: for what the cloud itself makes in a project (default security groups, DHCP ports).</summary>
    public void Book(Tx tx, string service, string name, string projectId, long amount) => tx.Execute(
        """
        INSERT INTO quota_usage (project_id, service, name, used) VALUES (@projectId, @service, @name, @amount)
        ON CONFLICT (project_id, service, name) DO UPDATE SET used = quota_usage.used + excluded.used
        """,
        new { projectId, service, name, amount });

    /// <summary>Projects that have limits of their own in a service.</summary>
    public List<string> ProjectsWithLimits(Session session, string service) =>
        session.Query<string>(
        "SELECT DISTINCT project_id FROM quota_limits WHERE service = @service AND project_id <> @Everyone ORDER BY project_id", new { service, Everyone });

    /// <summary>The limits that a project has of its own, by name.</summary>
    public Dictionary<string, long> Own(Session session, string service, string projectId) =>
        Of(service).Select(resource => (resource.Name, Limit: Own(session, service, resource.Name, projectId))).Where(pair => pair.Limit is not null)
            .ToDictionary(pair => pair.Name, pair => pair.Limit!.Value, StringComparer.Ordinal);

    public void Give(Tx tx, string service, string name, string projectId, long amount)
    {
        if (amount <= 0) return;
        tx.Execute(
            "UPDATE quota_usage SET used = used - @amount WHERE project_id = @projectId AND service = @service AND name = @name",
            new { projectId, service, name, amount });
    }

    public long Limit(Session session, string service, string name, string projectId) =>
        Own(session, service, name, projectId) ?? Own(session, service, name, Everyone) ?? Named(service, name).Default;

    /// <summary>Limits of projects that have none of their own, by name.</summary>
    public SortedDictionary<string, long> Defaults(Session session, string service) =>
        new(Of(service).ToDictionary(r => r.Name, r => Own(session, service, r.Name, Everyone) ?? r.Default), StringComparer.Ordinal);

    /// <summary>Changes the limit of all projects that have none of their own.</summary>
    public void SetDefault(Tx tx, string service, string name, long limit) => SetLimit(tx, service, name, Everyone, limit);

    /// <summary>Sets a project's own limit; null takes it back to the default.</summary>
    public void SetLimit(Tx tx, string service, string name, string projectId, long? limit)
    {
        tx.Execute("DELETE FROM quota_limits WHERE project_id = @projectId AND service = @service AND name = @name", new { projectId, service, name });
        if (limit is { } own)
        {
            tx.Execute(
                "INSERT INTO quota_limits (project_id, service, name, hard_limit) VALUES (@projectId, @service, @name, @own)",
                new { projectId, service, name, own });
        }
    }

    public List<QuotaState> State(Session session, string service, string projectId) =>
        Of(service).Select(r => new QuotaState(r.Name, Limit(session, service, r.Name, projectId), Used(session, service, r.Name, projectId))).ToList();

    /// <summary>Recounts every resource from its rows.</summary>
    /// <returns>Each difference as a sentence; empty when the books are right.</returns>
    public List<string> Verify() => database.Read(session =>
    {
        var wrong = new List<string>();
        foreach (var resource in resources.Values.Where(r => r.Recount is not null))
        {
            // One statement sees one instant: two would raise false alarms while others write.
            var (named, which) = resource.Family ? ("name LIKE @like ESCAPE '\\'", " AND b.name = c.name") : ("name = @Name", "");
            var differences = session.Query<Difference>(
                $"""
                SELECT COALESCE(c.project_id, b.project_id) AS project_id, {(resource.Family ? "COALESCE(c.name, b.name)" : "b.name")} AS name,
                  CAST(COALESCE(c.used, 0) AS BIGINT) AS counted, COALESCE(b.used, 0) AS booked
                FROM ({resource.Recount}) c
                FULL JOIN (SELECT project_id, name, used FROM quota_usage WHERE service = @Service AND {named}) b ON b.project_id = c.project_id{which}
                WHERE COALESCE(c.used, 0) <> COALESCE(b.used, 0) ORDER BY 1
                """,
                new { resource.Service, resource.Name, like = resource.Name.Replace("_", "\\_", StringComparison.Ordinal) + "%" });
            wrong.AddRange(differences.Select(d =>
                $"Project {d.ProjectId} has {d.Counted} {resource.Service} {d.Name ?? resource.Name}, its usage row says {d.Booked}."));
        }

        return wrong;
    });

    private static long? Own(Session session, string service, string name, string projectId) => session.Scalar<long?>(
        "SELECT hard_limit FROM quota_limits WHERE project_id = @projectId AND service = @service AND name = @name", new { projectId, service, name });

    /// <summary>How much of a resource, or of one of a family, a project has.</summary>
    public static long Used(Session session, string service, string name, string projectId) =>
        session.Scalar<long?>(
            "SELECT used FROM quota_usage WHERE project_id = @projectId AND service = @service AND name = @name", new { projectId, service, name }) ?? 0;

    /// <summary>The resource of this name, or the family that it is of.</summary>
    private QuotaResource Named(string service, string name) => resources.TryGetValue((service, name), out var own)
        ? own
        : resources.Values.First(r => r.Family && r.Service == service && name.StartsWith(r.Name, StringComparison.Ordinal));

    private sealed record Difference
    {
        public string? Name { get; init; }

        public string ProjectId { get; init; } = "";

        public long Counted { get; init; }

        public long Booked { get; init; }
    }
}
