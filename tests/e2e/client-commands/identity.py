"""Users, projects, roles and what else decides who someone is."""
import json

from client import has, lacks, something, without


def calls(admin, work):
    projects_and_domains(admin)
    users_and_groups(admin)
    roles(admin)
    catalog(admin, work)
    limits(admin)
    policies(admin, work)
    delegation(admin)
    federation(admin, work)


def projects_and_domains(admin):
    admin.do("domain create wood --description trees", then=("domain show wood", {"description": "trees", "enabled": True}))
    admin.do("domain list --name wood", shows={"Name": "wood", "Enabled": True})
    admin.do("domain set wood --name forest --disable", then=("domain show forest", {"name": "forest", "enabled": False}),
             gone="domain show wood")
    admin.do("domain show forest", shows={"id": something, "name": "forest", "description": "trees"})
    admin.do("domain delete forest", gone="domain show forest")

    admin.do("project create orchard --description apples --tag fruit",
             then=("project show orchard", {"description": "apples", "tags": ["fruit"], "enabled": True, "domain_id": "default"}))
    admin.do("project create branch --parent orchard", then=("project show orchard --children", {"subtree": something}))
    admin.do("project list --tags fruit", shows=lambda reply: [row["Name"] for row in reply] == ["orchard"])
    admin.do("project set orchard --description pears --tag pear --property shade=little",
             then=("project show orchard", {"description": "pears", "tags": has("pear", "fruit"), "shade": "little"}))
    admin.do("project show branch --parents", shows={"name": "branch", "parents": something})
    admin.do("project delete branch", gone="project show branch")


def users_and_groups(admin):
    admin.do("user create gardener --password spade-and-rake-1 --project orchard --email g@example.org",
             then=("user show gardener", {"email": "g@example.org", "enabled": True, "default_project_id": something}))
    admin.do("role add member --project orchard --user gardener",
             then=("role assignment list --project orchard --names", {"Role": "member", "User": "gardener@Default",
                                                                      "Project": "orchard@Default"}))
    admin.do("user list", shows={"Name": "gardener"})
    admin.do("user set gardener --description digs --email gardener@example.org",
             then=("user show gardener", {"description": "digs", "email": "gardener@example.org"}))
    admin.do("user show gardener", shows={"id": something, "domain_id": "default"})

    admin.do("group create diggers --description deep", then=("group show diggers", {"description": "deep", "domain_id": "default"}))
    admin.do("group list", shows={"Name": "diggers"})
    admin.do("group set diggers --description deeper", then=("group show diggers", {"description": "deeper"}))
    admin.do("group show diggers", shows={"id": something, "name": "diggers"})
    admin.do("group add user diggers gardener",
             then=[("user list --group diggers", {"Name": "gardener"}), ("group list --user gardener", {"Name": "diggers"})])
    admin.do("group contains user diggers gardener", shows="gardener in group diggers")
    admin.do("group remove user diggers gardener", then=("user list --group diggers", lacks(Name="gardener")))
    admin.do("group delete diggers", gone="group show diggers")

    old = admin.user("gardener", "spade-and-rake-1", "orchard")
    old.do("token issue",
           shows={"project_id": admin.run("project show orchard")["id"], "user_id": admin.run("user show gardener")["id"], "id": something})
    old.do("user password set --original-password spade-and-rake-1 --password spade-and-rake-2",
           then=lambda: admin.user("gardener", "spade-and-rake-2", "orchard").run("token issue"))
    gardener = admin.user("gardener", "spade-and-rake-2", "orchard")
    admin.user("gardener", "spade-and-rake-1", "orchard").do("token issue", refused="HTTP 401")
    secrets_of(admin, gardener)

    thrown = admin.user("gardener", "spade-and-rake-2", "orchard").run("token issue")["id"]
    bearer = admin.login(f"--os-auth-type v3token --os-token {thrown} --os-project-name orchard --os-project-domain-id default")
    admin.do(f"token revoke {thrown}", then=lambda: bearer.do("token issue", refused="Could not find token"))
    admin.do("user create passer-by --password comes-and-goes", then=("user show passer-by", {"name": "passer-by"}))
    admin.do("user delete passer-by", gone="user show passer-by")


def secrets_of(admin, gardener):
    """What a user may make for others to act with."""
    project, user = admin.run("project show orchard")["id"], admin.run("user show gardener")["id"]
    rules = json.dumps([{"path": "/v2.1/servers", "method": "GET", "service": "compute"}])
    made = gardener.do(f"application credential create scarecrow --secret straw-and-hat --role member --access-rules '{rules}'",
                       shows={"name": "scarecrow", "project_id": project, "roles": "member", "unrestricted": False})
    by_secret = f"--os-application-credential-id {made['id']} --os-application-credential-secret straw-and-hat"
    admin.login(f"--os-auth-type v3applicationcredential {by_secret}").do("token issue", shows={"project_id": project, "user_id": user})
    gardener.do("application credential list", shows={"Name": "scarecrow", "Project ID": project})
    gardener.do("application credential show scarecrow", shows={"id": made["id"], "name": "scarecrow"})
    rule = gardener.do("access rule list", shows={"Service": "compute", "Method": "GET", "Path": "/v2.1/servers"}).json[0]["ID"]
    gardener.do(f"access rule show {rule}", shows={"id": rule, "service": "compute", "method": "GET", "path": "/v2.1/servers"})
    gardener.do(f"access rule delete {rule}", refused="403")
    gardener.do("application credential delete scarecrow", gone="application credential show scarecrow")
    gardener.do(f"access rule delete {rule}", gone=f"access rule show {rule}")

    trustee, role = admin.run("token issue")["user_id"], admin.run("role show member")["id"]
    trust = gardener.do(f"trust create {user} {trustee} --project {project} --role {role} --impersonate",
                        shows={"trustor_user_id": user, "project_id": project, "impersonation": True, "roles": "member"})["id"]
    admin.do("trust list", shows={"ID": trust, "Trustor User ID": user})
    gardener.do(f"trust show {trust}", shows={"id": trust, "trustor_user_id": user})
    gardener.do(f"trust delete {trust}", then=lambda: admin.wait("trust list", lacks(ID=trust), 0))

    seed = admin.do("credential create gardener --type cert --project orchard 'of a tree'",
                    shows={"type": "cert", "user_id": user, "project_id": project})["id"]
    admin.do("credential list --type cert", shows={"ID": seed, "User ID": user, "Data": "of a tree"})
    admin.do(f"credential set {seed} --user gardener --type cert --data 'of a bush' --project orchard",
             then=(f"credential show {seed}", {"blob": "of a bush"}))
    admin.do(f"credential show {seed}", shows={"id": seed, "type": "cert"})
    admin.do(f"credential delete {seed}", gone=f"credential show {seed}")

    key = admin.do("ec2 credentials create --user gardener --project orchard",
                   shows={"access": something, "secret": something, "project_id": project, "user_id": user})["access"]
    admin.do("ec2 credentials list --user gardener", shows={"Access": key, "Project ID": project})
    admin.do(f"ec2 credentials show {key} --user gardener", shows={"access": key, "user_id": user})
    admin.do(f"ec2 credentials delete {key} --user gardener", gone=f"ec2 credentials show {key} --user gardener")

    gardener.do("federation project list", shows={"ID": project, "Name": "orchard"})
    gardener.do("federation domain list", shows=lambda reply: len(reply) == 0)


def roles(admin):
    admin.do("role create pruner --description cuts", then=("role show pruner", {"description": "cuts"}))
    admin.do("role list", shows={"Name": "pruner"})
    admin.do("role set pruner --name cutter", then=("role show cutter", {"name": "cutter"}), gone="role show pruner")
    admin.do("role show cutter", shows={"id": something, "domain_id": None})
    admin.do("implied role create cutter --implied-role member", shows={"prior_role": something, "implies": something})
    admin.do("implied role list", shows={"Prior Role Name": "cutter", "Implied Role Name": "member"})
    admin.do("role add cutter --project orchard --user gardener", then=("role assignment list --user gardener --names", {"Role": "cutter"}))
    admin.do("role assignment list --user gardener --names --effective", shows={"Role": "member", "Project": "orchard@Default"})
    admin.do("implied role delete cutter --implied-role member", then=("implied role list", lacks(**{"Prior Role Name": "cutter"})))
    admin.do("role remove cutter --project orchard --user gardener",
             then=("role assignment list --user gardener --names", lacks(Role="cutter")))
    admin.do("role delete cutter", gone="role show cutter")


def catalog(admin, work):
    admin.do("catalog list", shows={"Name": "nova", "Type": "compute", "Endpoints": something})
    admin.do("catalog show image", shows={"type": "image", "endpoints": something})
    admin.do("region create Meadow --description green", then=("region show Meadow", {"description": "green"}))
    admin.do("region list", shows={"Region": "Meadow", "Description": "green"})
    admin.do("region set Meadow --description brown", then=("region show Meadow", {"description": "brown"}))
    admin.do("region show Meadow", shows={"region": "Meadow", "parent_region": None})

    admin.do("service create weather --name rain --description wet",
             then=("service show rain", {"type": "weather", "description": "wet", "enabled": True}))
    admin.do("service list", shows={"Name": "rain", "Type": "weather"})
    admin.do("service set rain --name snow --disable", then=("service show snow", {"name": "snow", "enabled": False}))
    admin.do("service show snow", shows={"type": "weather", "id": something})

    door = admin.do("endpoint create snow public https://snow.example.org --region Meadow",
                    shows={"url": "https://snow.example.org", "interface": "public", "region": "Meadow", "service_name": "snow"})["id"]
    admin.do("endpoint list --service snow", shows={"ID": door, "Service Type": "weather"})
    admin.do(f"endpoint set {door} --url https://ice.example.org --interface internal",
             then=(f"endpoint show {door}", {"url": "https://ice.example.org", "interface": "internal"}))
    admin.do(f"endpoint show {door}", shows={"id": door, "region_id": "Meadow"})
    admin.do(f"endpoint add project {door} orchard", then=("endpoint list --project orchard", {"ID": door}))
    admin.do(f"endpoint remove project {door} orchard", then=("endpoint list --project orchard", lacks(ID=door)))

    (work / "inside.json").write_text('{"interface": "internal"}')
    (work / "outside.json").write_text('{"interface": "public"}')
    admin.do(f"endpoint group create inner {work}/inside.json --description in",
             shows={"name": "inner", "filters": {"interface": "internal"}})
    admin.do("endpoint group list", shows={"Name": "inner", "Description": "in"})
    admin.do(f"endpoint group set inner --name outer --filters {work}/outside.json --description out",
             then=("endpoint group show outer", {"filters": {"interface": "public"}}))
    admin.do("endpoint group show outer", shows={"name": "outer", "description": "out"})
    admin.do("endpoint group add project outer orchard", then=("endpoint group list --project orchard", {"Name": "outer"}))
    admin.do("endpoint group remove project outer orchard", then=("endpoint group list --project orchard", lacks(Name="outer")))
    admin.do("endpoint group delete outer", gone="endpoint group show outer")

    admin.do(f"endpoint delete {door}", then=("endpoint list", lacks(ID=door)))
    admin.do("service delete snow", gone="service show snow")
    admin.do("region delete Meadow", then=("region list", lacks(Region="Meadow")))


def limits(admin):
    admin.run("service create measure --name scale")
    default = admin.do("registered limit create --service scale --region RegionOne --default-limit 5 baskets",
                       shows={"resource_name": "baskets", "default_limit": 5, "region_id": "RegionOne"})["id"]
    admin.do("registered limit list --resource-name baskets", shows={"ID": default, "Default Limit": 5})
    admin.do(f"registered limit set {default} --default-limit 6 --description full",
             then=(f"registered limit show {default}", {"default_limit": 6}))
    admin.do(f"registered limit show {default}", shows={"id": default, "description": "full"})
    own = admin.do("limit create --project orchard --service scale --region RegionOne --resource-limit 7 baskets",
                   shows={"resource_name": "baskets", "resource_limit": 7, "project_id": something})["id"]
    admin.do("limit list --resource-name baskets", shows={"ID": own, "Resource Limit": 7})
    admin.do(f"limit set {own} --resource-limit 8 --description more", then=(f"limit show {own}", {"resource_limit": 8}))
    admin.do(f"limit show {own}", shows={"id": own, "description": "more"})
    admin.do(f"registered limit delete {default}", refused="403")
    admin.do(f"limit delete {own}", gone=f"limit show {own}")
    admin.do(f"registered limit delete {default}", gone=f"registered limit show {default}")
    admin.run("service delete scale")


def policies(admin, work):
    (work / "rules.json").write_text('{"reap": "role:member"}')
    (work / "other.json").write_text('{"sow": "role:member"}')
    policy = admin.do(f"policy create {work}/rules.json --type application/json",
                      shows={"rules": '{"reap": "role:member"}', "type": "application/json"})["id"]
    admin.do("policy list", shows={"ID": policy, "Type": "application/json"})
    admin.do(f"policy set {policy} --rules {work}/other.json", then=(f"policy show {policy}", {"rules": has("sow")}))
    admin.do(f"policy show {policy}", shows={"id": policy, "rules": without("reap")})
    admin.do(f"policy delete {policy}", gone=f"policy show {policy}")


def delegation(admin):
    """A consumer asks for roles, a user lends them, and the consumer logs in with them."""
    consumer = admin.do("consumer create --description market", shows={"description": "market", "secret": something})
    admin.do("consumer list", shows={"ID": consumer["id"], "Description": "market"})
    admin.do(f"consumer set {consumer['id']} --description fair", then=(f"consumer show {consumer['id']}", {"description": "fair"}))
    admin.do(f"consumer show {consumer['id']}", shows={"id": consumer["id"]})

    secrets = f"--consumer-key {consumer['id']} --consumer-secret {consumer['secret']}"
    asked = admin.do(f"request token create {secrets} --project admin", shows={"id": something, "secret": something, "expires": something})
    admin.do(f"request token create --consumer-key {consumer['id']} --consumer-secret guessed --project admin", refused="Invalid signature")
    verifier = admin.do(f"request token authorize --request-key {asked['id']} --role member",
                        shows={"oauth_verifier": something})["oauth_verifier"]
    request = f"{secrets} --request-key {asked['id']} --request-secret {asked['secret']}"
    admin.do(f"access token create {request} --verifier guessed", refused="does not match")
    access = admin.do(f"access token create {request} --verifier {verifier}", shows={"id": something, "secret": something})
    bearer = admin.login(f"--os-auth-type v3oauth1 --os-consumer-key {consumer['id']} --os-consumer-secret {consumer['secret']} "
                         f"--os-access-key {access['id']} --os-access-secret {access['secret']}")
    me = admin.run("token issue")
    bearer.do("token issue", shows={"project_id": me["project_id"], "user_id": me["user_id"]})
    bearer.do("user list", refused="HTTP 403")
    admin.do(f"consumer delete {consumer['id']}", gone=f"consumer show {consumer['id']}")
    bearer.do("federation project list", refused="HTTP 401")


def federation(admin, work):
    """Who vouches for users, how, and what becomes of what they say."""
    rules, other = work / "mapping.json", work / "mapping-2.json"
    rules.write_text(json.dumps([{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "OIDC-sub"}]}]))
    other.write_text(json.dumps([{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "OIDC-email", "any_one_of": [".*@x"], "regex": True}]}]))
    admin.do(f"mapping create bees --rules {rules}", shows={"id": "bees", "rules": something, "schema_version": "1.0"})
    admin.do("mapping list", shows={"ID": "bees"})
    admin.do(f"mapping set bees --rules {other}", then=("mapping show bees", lambda reply: "OIDC-email" in reply.text))
    admin.do("mapping show bees", shows={"id": "bees"})

    made = admin.do("identity provider create hive --remote-id https://hive.example.org --description hums",
                    shows={"id": "hive", "enabled": True, "remote_ids": ["https://hive.example.org"], "domain_id": something})
    admin.do("identity provider create swarm --remote-id https://hive.example.org", refused="HTTP 409")
    admin.do("identity provider list", shows={"ID": "hive", "Enabled": True, "Domain ID": made["domain_id"]})
    admin.do("identity provider set hive --disable --remote-id https://comb.example.org",
             then=("identity provider show hive", {"enabled": False, "remote_ids": ["https://comb.example.org"]}))
    admin.do("identity provider show hive", shows={"id": "hive", "description": "hums"})

    of = "--identity-provider hive"
    admin.do(f"federation protocol create openid {of} --mapping bees", shows={"id": "openid", "mapping": "bees"})
    admin.do(f"federation protocol list {of}", shows={"id": "openid", "mapping": "bees"})
    admin.run(f"mapping create wasps --rules {rules}")
    # It does what it shall, and then the client takes its table for an exit code.
    admin.do(f"federation protocol set openid {of} --mapping wasps", refused="<zip object",
             then=(f"federation protocol show openid {of}", {"mapping": "wasps"}))
    admin.do(f"federation protocol show openid {of}", shows={"id": "openid"})
    admin.do(f"federation protocol delete openid {of}", gone=f"federation protocol show openid {of}")
    admin.do("identity provider delete hive", gone="identity provider show hive")
    admin.run(f"domain set {made['domain_id']} --disable")
    admin.run(f"domain delete {made['domain_id']}")
    admin.do("mapping delete bees wasps", gone="mapping show bees")

    admin.do("service provider create pasture --auth-url https://pasture.example.org/auth --service-provider-url https://pasture.example.org/sp",
             shows={"id": "pasture", "enabled": True, "relay_state_prefix": "ss:mem:"})
    admin.do("service provider list", shows={"ID": "pasture", "Auth URL": "https://pasture.example.org/auth"})
    admin.do("service provider set pasture --disable --description grass",
             then=("service provider show pasture", {"enabled": False, "description": "grass"}))
    admin.do("service provider show pasture", shows={"id": "pasture", "sp_url": "https://pasture.example.org/sp"})
    admin.do("service provider delete pasture", gone="service provider show pasture")
