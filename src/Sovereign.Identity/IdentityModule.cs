using Sovereign.Identity.AccessTokens;
using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Assignments;
using Sovereign.Identity.Audit;
using Sovereign.Identity.Catalog;
using Sovereign.Identity.Consumers;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Groups;
using Sovereign.Identity.IdentityProviders;
using Sovereign.Identity.Limits;
using Sovereign.Identity.Mappings;
using Sovereign.Identity.Model;
using Sovereign.Identity.Policies;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Protocols;
using Sovereign.Identity.RequestTokens;
using Sovereign.Identity.Roles;
using Sovereign.Identity.ServiceProviders;
using Sovereign.Identity.Tokens;
using Sovereign.Identity.Trusts;
using Sovereign.Identity.UserCredentials;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity;

/// <summary>Identity, as Keystone's v3 API: who there is, what they may, and the tokens that say so.</summary>
public sealed class IdentityModule : IModule
{
    internal const string Prefix = "/identity/v3";

    private readonly House house;
    private readonly Bootstrap bootstrap;
    private readonly Action<Routes>[] rooms;
    private readonly RevocationService revocations;

    /// <param name="kernel">Floor 0.</param>
    /// <param name="options">The catalog and the first users.</param>
    public IdentityModule(KernelServices kernel, IdentityOptions options)
    {
        house = new House(kernel, new IdentityModel());
        var resolver = new TokenResolver(kernel, house.Model);
        var passwords = new Passwords(kernel.Randomness, options.PasswordRounds);
        var policy = new PasswordPolicy(options.PasswordRules, passwords);
        var secrets = new Secrets(kernel.Master, kernel.Randomness);
        var renderer = new CatalogRenderer(house.Model, kernel.Settings.PublicUrl);
        var catalog = new Catalog.CatalogService(house, renderer);
        var projects = new ProjectService(house);
        var users = new UserService(house, passwords, policy);
        var groups = new GroupService(house);
        var domains = new DomainService(house, projects, users, groups);
        var credentials = new CredentialService(house, secrets);
        var trusts = new TrustService(house, credentials);
        var signatures = new SignatureCheck(house);
        var requestTokens = new RequestTokenService(house, signatures, secrets);
        var accessTokens = new AccessTokenService(house, signatures, requestTokens);
        var evidences = new EvidenceCheck(house, resolver, passwords, policy, secrets, accessTokens);
        var authenticator = new Authenticator(house, resolver, evidences, trusts, new Receipts(kernel), options.TokenLifetime);
        revocations = new RevocationService(house);
        var tokens = new TokenEndpoints(house, authenticator, resolver, revocations, renderer);
        bootstrap = new Bootstrap(house, options, passwords, catalog);
        Callers = new AccessCallers(house, resolver);
        Access = IdentityAccess.TableOf(options.EnforceScope);
        rooms =
        [
            tokens.Map,
            new SignedEndpoints(house, authenticator, tokens).Map,
            new DomainEndpoints(house, domains).Map,
            new ProjectEndpoints(house, projects, domains).Map,
            new TagEndpoints(house, projects).Map,
            new UserEndpoints(house, users).Map,
            new GroupEndpoints(house, groups).Map,
            new RoleEndpoints(house, new RoleService(house)).Map,
            new GrantEndpoints(house, new GrantService(house)).Map,
            new AssignmentEndpoints(house, new AssignmentQuery(house)).Map,
            new CredentialEndpoints(house, credentials, new AccessRuleService(house, credentials)).Map,
            new UserCredentialEndpoints(house, new UserCredentialService(house)).Map,
            new TrustEndpoints(house, trusts).Map,
            new LimitEndpoints(house, new RegisteredLimitService(house), new LimitService(house)).Map,
            new CatalogEndpoints(house, catalog).Map,
            new EndpointFilterEndpoints(house, new EndpointFilterService(house), catalog).Map,
            new DomainConfigEndpoints(new DomainConfigService(house), options.PasswordRules).Map,
            new PolicyEndpoints(house).Map,
            new ConsumerEndpoints(house).Map,
            new RequestTokenEndpoints(requestTokens).Map,
            new AccessTokenEndpoints(house, accessTokens).Map,
            new IdentityProviderEndpoints(house, new IdentityProviderService(house)).Map,
            new ProtocolEndpoints(house, new ProtocolService(house)).Map,
            new MappingEndpoints(house, new MappingService(house)).Map,
            new ServiceProviderEndpoints(house, new ServiceProviderService(house)).Map,
            new RevocationEventEndpoints(house, options.TokenLifetime).Map,
            new AuditEndpoints(house).Map,
        ];
    }

    /// <summary>Who resolves tokens for every service.</summary>
    public ICallers Callers { get; }

    /// <summary>The operator's project of the first start; empty when it was renamed or deleted. Known after <see cref="Start"/>.</summary>
    public string AdminProjectId => house.Model.Projects.FindNamed("default", "admin")?.Id ?? "";

    public string Name => "identity";

    public ServiceFace Face { get; } = new("identity", "keystone", Prefix, Dialect.Keystone);

    public IReadOnlyList<AccessRule> Access { get; }

    public IReadOnlyList<IPeriodic> Periodics => [revocations];

    /// <summary>Writes what a first start needs and loads the model.</summary>
    public async Task Start(CancellationToken stop)
    {
        await bootstrap.Run(stop);
        await Load(stop);
    }

    /// <summary>Another control plane changed users, roles, projects, or revoked something.</summary>
    public async Task<string?> CatchUp(CancellationToken stop)
    {
        if (house.Kernel.Database.Read(ModelLoader.Version) == house.Model.StoredVersion) return null;
        await Load(stop);
        house.Kernel.Keys.Forget();
        return "what another control plane changed was read.";
    }

    /// <summary>In the writer's turn, so that no change of this process comes between the reading and its use.</summary>
    private Task Load(CancellationToken stop) => house.Kernel.Queue.Write<Done>("identity.load", Origin.System, tx =>
    {
        var read = new IdentityModel();
        ModelLoader.Load(tx, read);
        tx.AfterCommit(() => house.Model.Become(read));
        return Done.Value;
    }, stop);

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(Face);
        foreach (var room in rooms) room(api);
        Versions.Map(api.Under("/identity"));
    }
}
