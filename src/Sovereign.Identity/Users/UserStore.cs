using System.Globalization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Users;

internal static class UserStore
{
    public const string Columns =
        "u.id, u.domain_id, u.name, u.enabled, u.default_project_id, u.options, u.extra, u.revoked_before, u.password_created_at, u.password_expires_at";

    public static readonly ListShape Shape = new(
        "users u", "u.id",
        [new("name", "u.name"), new("domain_id", "u.domain_id"), new("enabled", "u.enabled", ColumnKind.Boolean)],
        [new("id")],
        House.PageItemsMax);

    public static List<UserRow> All(Session session) => session.Query<UserRow>($"SELECT {Columns} FROM users u");

    public static UserRow? Find(Session session, string id) => session.FirstOrDefault<UserRow>($"SELECT {Columns} FROM users u WHERE u.id = @id", new { id });

    public static List<UserRow> OfDomain(Session session, string domainId) =>
        session.Query<UserRow>($"SELECT {Columns} FROM users u WHERE u.domain_id = @domainId", new { domainId });

    public static string? Password(Session session, string id) => session.Scalar<string>("SELECT password FROM users WHERE id = @id", new { id });

    /// <returns>False when the name is taken in the domain.</returns>
    public static bool Insert(Tx tx, UserRow row, string? password) => tx.Execute(
        """
        INSERT INTO users (id, domain_id, name, enabled, default_project_id, password, options, extra, revoked_before, password_created_at,
          password_expires_at)
        VALUES (@Id, @DomainId, @Name, @Enabled, @DefaultProjectId, @password, @Options, @Extra, @RevokedBefore, @PasswordCreatedAt, @PasswordExpiresAt)
        ON CONFLICT DO NOTHING
        """,
        Parameters(row, password)) == 1;

    /// <param name="password">Null leaves it as it is.</param>
    /// <returns>False when another user of the domain has the name.</returns>
    public static bool Update(Tx tx, UserRow row, string? password) => tx.Execute(
        """
        UPDATE users SET name = @Name, enabled = @Enabled, default_project_id = @DefaultProjectId, password = COALESCE(@password, password),
          options = @Options, extra = @Extra, revoked_before = @RevokedBefore, password_created_at = @PasswordCreatedAt,
          password_expires_at = @PasswordExpiresAt
        WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM users o WHERE o.domain_id = @DomainId AND o.name = @Name AND o.id <> @Id)
        """,
        Parameters(row, password)) == 1;

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM users WHERE id = @id", new { id });
        tx.Execute("DELETE FROM group_members WHERE user_id = @id", new { id });
        tx.Execute("DELETE FROM password_history WHERE user_id = @id", new { id });
    }

    private static readonly Dictionary<string, string> comparisons = new(StringComparer.Ordinal)
    {
        ["lt"] = "<", ["lte"] = "<=", ["gt"] = ">", ["gte"] = ">=", ["eq"] = "=", ["neq"] = "<>",
    };

    /// <summary>password_expires_at=lt:2026-01-02T03:04:05Z; without an operator: equal.</summary>
    public static Outcome<ListRequest> ByExpiry(ListRequest request, string? filter)
    {
        if (filter is null) return request;
        var colon = filter.IndexOf(':', StringComparison.Ordinal);
        var (word, text) = colon > 0 && comparisons.ContainsKey(filter[..colon]) ? (filter[..colon], filter[(colon + 1)..]) : ("eq", filter);
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return new Fault.Invalid("password_expires_at", $"'{filter}' is no operator and date-time.");
        }

        return request.Where("u.password_expires_at <> 0").Where($"u.password_expires_at {comparisons[word]} @value", Micros.Of(at));
    }

    /// <summary>A project goes: users that had it as their default have none.</summary>
    public static void ForgetDefaultProject(Tx tx, House house, string projectId)
    {
        var users = tx.Query<UserRow>($"SELECT {Columns} FROM users u WHERE u.default_project_id = @projectId", new { projectId });
        if (users.Count == 0) return;
        tx.Execute("UPDATE users SET default_project_id = NULL WHERE default_project_id = @projectId", new { projectId });
        tx.Model(house, model => users.ForEach(user => model.Users.Put(user.Entry with { DefaultProjectId = null })));
    }

    private static object Parameters(UserRow row, string? password) => new
    {
        row.Id, row.DomainId, row.Name, Enabled = row.Enabled ? 1L : 0L, row.DefaultProjectId, password, row.Options, row.Extra, row.RevokedBefore,
        row.PasswordCreatedAt, row.PasswordExpiresAt,
    };
}
