"""Networks and what is joined to them; no guest is needed to see that."""
from client import has, something


def calls(admin, work):
    external = admin.run("network list --external").json[0]["Name"]
    networks_and_subnets(admin)
    scopes_and_pools(admin)
    ports(admin)
    routers(admin, external)
    floating_ips(admin, external)
    security_groups(admin)
    address_groups(admin)
    quality_of_service(admin)
    meters(admin)
    packet_logs(admin)
    sharing(admin)
    what_serves(admin)
    where_dhcp_runs(admin)
    where_routers_run(admin)
    segments(admin)
    segment_ranges(admin)
    a_network_without_asking(admin)
    kinds_of_routers(admin)
    for network in ("lake", "pond"):
        admin.run(f"network delete {network}")


def networks_and_subnets(admin):
    admin.do("network create lake --description deep --mtu 1400 --tag wet --no-share",
             then=("network show lake", {"description": "deep", "mtu": 1400, "tags": ["wet"], "shared": False, "router:external": False}))
    admin.do("network create pool --disable", then=("network show pool", {"admin_state_up": False}))
    admin.do("network list --tags wet", shows=lambda reply: [row["Name"] for row in reply] == ["lake"])
    admin.do("network set pool --name pond --enable --description shallow --tag dry --tag small",
             then=("network show pond", {"admin_state_up": True, "description": "shallow", "tags": has("dry", "small")}),
             gone="network show pool")
    admin.do("network unset pond --tag dry", then=("network show pond", {"tags": ["small"]}))
    admin.do("network show pond",
             shows={"id": something, "status": something, "provider:network_type": "vxlan", "port_security_enabled": True})

    admin.do("subnet create shore --network lake --subnet-range 10.60.0.0/24 --dns-nameserver 192.0.2.1 "
             "--allocation-pool start=10.60.0.10,end=10.60.0.99",
             then=("subnet show shore", {"cidr": "10.60.0.0/24", "gateway_ip": "10.60.0.1", "dns_nameservers": ["192.0.2.1"],
                                         "allocation_pools": [{"start": "10.60.0.10", "end": "10.60.0.99"}]}))
    admin.do("subnet list --network lake", shows={"Name": "shore", "Subnet": "10.60.0.0/24"})
    admin.do("subnet set shore --description sandy --dns-nameserver 192.0.2.2 --tag warm "
             "--host-route destination=192.0.2.64/26,gateway=10.60.0.2",
             then=("subnet show shore", {"description": "sandy", "dns_nameservers": has("192.0.2.1", "192.0.2.2"), "tags": ["warm"],
                                         "host_routes": [{"destination": "192.0.2.64/26", "nexthop": "10.60.0.2"}]}))
    admin.do("subnet unset shore --dns-nameserver 192.0.2.1 --host-route destination=192.0.2.64/26,gateway=10.60.0.2 --tag warm",
             then=("subnet show shore", {"dns_nameservers": ["192.0.2.2"], "host_routes": [], "tags": []}))
    admin.do("subnet show shore", shows={"id": something, "ip_version": 4, "enable_dhcp": True})
    admin.do("subnet create reed --network pond --subnet-range 10.61.0.0/24 --no-dhcp --gateway none",
             then=("subnet show reed", {"enable_dhcp": False, "gateway_ip": None}))
    admin.do("subnet delete reed", gone="subnet show reed")
    admin.do("network create puddle", then=("network list", {"Name": "puddle"}))
    admin.do("network delete puddle", gone="network show puddle")
    admin.do("ip availability list", shows={"Network Name": "lake", "Total IPs": 90, "Used IPs": something})
    admin.do("ip availability show lake", shows={"network_name": "lake", "total_ips": 90, "subnet_ip_availability": something})


def scopes_and_pools(admin):
    admin.do("address scope create europe --ip-version 4", then=("address scope show europe", {"ip_version": 4, "shared": False}))
    admin.do("address scope list", shows={"Name": "europe", "IP Version": 4})
    admin.do("address scope set europe --name world --share", then=("address scope show world", {"shared": True}),
             gone="address scope show europe")
    admin.do("address scope show world", shows={"id": something, "name": "world"})
    admin.do("subnet pool create springs --pool-prefix 10.64.0.0/16 --default-prefix-length 26 --address-scope world --tag clear",
             then=("subnet pool show springs", {"prefixes": ["10.64.0.0/16"], "default_prefixlen": 26, "address_scope_id": something,
                                                "tags": ["clear"]}))
    admin.do("subnet pool list", shows={"Name": "springs", "Prefixes": ["10.64.0.0/16"]})
    admin.do("subnet pool set springs --pool-prefix 10.65.0.0/16 --default-prefix-length 27 --description cold --tag blue",
             then=("subnet pool show springs", {"prefixes": ["10.64.0.0/15"], "default_prefixlen": 27, "description": "cold",
                                                "tags": has("clear", "blue")}))
    admin.do("subnet pool unset springs --tag blue", then=("subnet pool show springs", {"tags": ["clear"]}))
    admin.do("subnet pool show springs", shows={"id": something, "ip_version": 4})
    admin.do("subnet create drawn --network pond --subnet-pool springs", shows={"cidr": has("10.64.0.0/27"), "subnetpool_id": something})
    admin.do("subnet pool delete springs", refused="has existing allocations")
    admin.do("subnet delete drawn", gone="subnet show drawn")
    admin.run("subnet create stray --network pond --subnet-range 10.66.0.0/24")
    admin.do("network onboard subnets pond springs", then=("subnet show stray", {"subnetpool_id": something}))
    admin.run("subnet delete stray")
    admin.do("subnet pool delete springs", gone="subnet pool show springs")
    admin.do("address scope delete world", gone="address scope show world")


def ports(admin):
    admin.do("port create boat --network lake --fixed-ip subnet=shore,ip-address=10.60.0.50 --description rows --tag red "
             "--no-security-group",
             then=("port show boat", {"description": "rows", "tags": ["red"], "fixed_ips": something, "security_group_ids": [],
                                      "mac_address": something}))
    admin.do("port list --network lake", shows={"Name": "boat", "Fixed IP Addresses": lambda those: those[0]["ip_address"] == "10.60.0.50"})
    admin.do("port set boat --name ship --disable --allowed-address ip-address=10.60.0.77,mac-address=fa:16:3e:00:00:77 --tag big",
             then=("port show ship", {"admin_state_up": False, "tags": has("red", "big"), "allowed_address_pairs": something}),
             gone="port show boat")
    admin.do("port unset ship --allowed-address ip-address=10.60.0.77,mac-address=fa:16:3e:00:00:77 --tag big",
             then=("port show ship", {"allowed_address_pairs": [], "tags": ["red"]}))
    admin.do("port show ship", shows={"id": something, "status": "DOWN", "port_security_enabled": True})
    admin.do("port delete ship", gone="port show ship")


def routers(admin, external):
    admin.do("router create lock --description slow --tag iron",
             then=("router show lock", {"description": "slow", "tags": ["iron"], "admin_state_up": True}))
    admin.do("router list --tags iron", shows={"Name": "lock", "Status": "ACTIVE"})
    admin.do(f"router set lock --route destination=198.51.100.0/24,gateway=10.60.0.3", refused="is not connected with router")
    admin.do(f"router set lock --name sluice --external-gateway {external} --tag big",
             then=("router show sluice", {"external_gateway_info": something, "tags": has("iron", "big")}), gone="router show lock")
    admin.do("router add subnet sluice shore",
             then=("port list --router sluice", {"Fixed IP Addresses": lambda those: those[0]["ip_address"] == "10.60.0.1"}))
    admin.do("router add route sluice --route destination=198.51.100.0/24,gateway=10.60.0.3",
             then=("router show sluice", {"routes": [{"destination": "198.51.100.0/24", "nexthop": "10.60.0.3"}]}))
    admin.do("router remove route sluice --route destination=198.51.100.0/24,gateway=10.60.0.3",
             then=("router show sluice", {"routes": []}))
    admin.run("port create quay --network lake --fixed-ip subnet=shore,ip-address=10.60.0.60")
    admin.do("router add port sluice quay", refused="subnet")
    admin.run("subnet create bank --network pond --subnet-range 10.62.0.0/24")
    admin.run("port create pier --network pond --fixed-ip subnet=bank,ip-address=10.62.0.9")
    admin.do("router add port sluice pier", then=("port show pier", {"device_owner": "network:router_interface"}))
    admin.do("router remove port sluice pier", gone="port show pier")
    admin.do("router show sluice", shows={"id": something, "interfaces_info": something})
    admin.do("router delete sluice", refused="409")
    conntrack_helpers(admin, "sluice")
    admin.do("router remove subnet sluice shore",
             then=("port list --router sluice --device-owner network:router_interface", lambda reply: len(reply) == 0))
    admin.do("router unset sluice --external-gateway --tag big",
             then=("router show sluice", {"external_gateway_info": None, "tags": ["iron"]}))
    admin.do("router delete sluice", gone="router show sluice")
    admin.run("port delete quay")


def conntrack_helpers(admin, router):
    ear = admin.do(f"network l3 conntrack helper create {router} --helper tftp --protocol udp --port 69",
                   shows={"helper": "tftp", "protocol": "udp", "port": 69})["id"]
    admin.do(f"network l3 conntrack helper list {router}", shows={"ID": ear, "Helper": "tftp", "Protocol": "udp", "Port": 69})
    admin.do(f"network l3 conntrack helper set {router} {ear} --helper ftp --protocol tcp --port 2121",
             then=(f"network l3 conntrack helper show {router} {ear}", {"helper": "ftp", "protocol": "tcp", "port": 2121}))
    admin.do(f"network l3 conntrack helper show {router} {ear}", shows={"id": ear})
    admin.do(f"network l3 conntrack helper create {router} --helper ftp --protocol tcp --port 2121", refused="duplicate conntrack helper")
    admin.do(f"network l3 conntrack helper delete {router} {ear}", gone=f"network l3 conntrack helper show {router} {ear}")


def floating_ips(admin, external):
    admin.run(f"router create weir --external-gateway {external}")
    admin.run("router add subnet weir shore")
    admin.run("port create buoy --network lake --fixed-ip subnet=shore,ip-address=10.60.0.70")
    address = admin.do(f"floating ip create {external} --description bright --tag east",
                       shows={"floating_ip_address": something, "description": "bright", "status": "DOWN",
                              "tags": ["east"]})["floating_ip_address"]
    admin.do("floating ip list", shows={"Floating IP Address": address, "Fixed IP Address": None})
    admin.do(f"floating ip set {address} --port buoy --description lit --tag west",
             then=(f"floating ip show {address}", {"fixed_ip_address": "10.60.0.70", "description": "lit", "tags": has("east", "west")}))
    admin.do(f"floating ip unset {address} --port --tag west",
             then=(f"floating ip show {address}", {"fixed_ip_address": None, "port_id": None, "tags": ["east"]}))
    admin.do(f"floating ip show {address}", shows={"id": something, "floating_network_id": something})
    port_forwardings(admin, address)
    admin.do(f"floating ip delete {address}", gone=f"floating ip show {address}")
    admin.run("router remove subnet weir shore")
    admin.run("router delete weir")
    admin.run("port delete buoy")


def port_forwardings(admin, address):
    door = admin.do(f"floating ip port forwarding create {address} --internal-ip-address 10.60.0.70 --port buoy --internal-protocol-port 22 "
                    "--external-protocol-port 2222 --protocol tcp --description ladder",
                    shows={"external_port": something, "internal_ip_address": "10.60.0.70", "protocol": "tcp", "description": "ladder"})["id"]
    admin.do(f"floating ip port forwarding list {address}", shows={"ID": door, "Internal IP Address": "10.60.0.70", "Protocol": "tcp"})
    admin.do(f"floating ip port forwarding set {address} {door} --description rope --protocol udp",
             then=(f"floating ip port forwarding show {address} {door}", {"description": "rope", "protocol": "udp"}))
    admin.do(f"floating ip port forwarding show {address} {door}", shows={"id": door, "external_port": 2222})
    admin.do(f"floating ip port forwarding delete {address} {door}", gone=f"floating ip port forwarding show {address} {door}")


def security_groups(admin):
    admin.do("security group create guards --description watch --tag night",
             then=("security group show guards", {"description": "watch", "tags": ["night"], "stateful": True}))
    admin.do("security group list --tags night", shows={"Name": "guards", "Description": "watch"})
    admin.do("security group set guards --name sentries --description look --tag day",
             then=("security group show sentries", {"description": "look", "tags": has("day", "night")}), gone="security group show guards")
    admin.do("security group unset sentries --tag day", then=("security group show sentries", {"tags": ["night"]}))
    admin.do("security group show sentries", shows={"id": something, "rules": something})
    rule = admin.do("security group rule create sentries --protocol tcp --dst-port 80:81 --remote-ip 192.0.2.0/24 --description web",
                    shows={"protocol": "tcp", "port_range_min": 80, "port_range_max": 81, "remote_ip_prefix": "192.0.2.0/24",
                           "direction": "ingress"})["id"]
    admin.do("security group rule list sentries --protocol tcp", shows={"ID": rule, "Port Range": "80:81", "IP Range": "192.0.2.0/24"})
    admin.do(f"security group rule show {rule}", shows={"id": rule, "description": "web"})
    admin.do(f"security group rule delete {rule}", gone=f"security group rule show {rule}")
    admin.do("security group delete sentries", gone="security group show sentries")


def address_groups(admin):
    admin.do("address group create friends --description near --address 192.0.2.1/32",
             then=("address group show friends", {"description": "near", "addresses": ["192.0.2.1/32"]}))
    admin.do("address group list", shows={"Name": "friends", "Addresses": ["192.0.2.1/32"]})
    admin.do("address group set friends --name mates --address 192.0.2.2/32",
             then=("address group show mates", {"addresses": has("192.0.2.1/32", "192.0.2.2/32")}), gone="address group show friends")
    admin.do("address group unset mates --address 192.0.2.1/32", then=("address group show mates", {"addresses": ["192.0.2.2/32"]}))
    admin.do("address group show mates", shows={"id": something, "name": "mates"})
    admin.do("address group delete mates", gone="address group show mates")


def quality_of_service(admin):
    admin.do("network qos policy create brook --description slow",
             then=("network qos policy show brook", {"description": "slow", "shared": False}))
    admin.do("network qos policy list", shows={"Name": "brook", "Shared": False})
    admin.do("network qos policy set brook --name stream --share", then=("network qos policy show stream", {"shared": True}),
             gone="network qos policy show brook")
    admin.do("network qos policy show stream", shows={"id": something, "rules": []})
    rule = admin.do("network qos rule create stream --type bandwidth-limit --max-kbps 2000 --max-burst-kbits 200 --egress",
                    shows={"max_kbps": 2000, "max_burst_kbps": 200, "direction": "egress"})["id"]
    admin.do("network qos rule list stream", shows={"ID": rule, "Max Kbps": 2000, "Type": "bandwidth_limit"})
    admin.do(f"network qos rule set stream {rule} --max-kbps 3000", then=(f"network qos rule show stream {rule}", {"max_kbps": 3000}))
    admin.do(f"network qos rule show stream {rule}", shows={"id": rule, "direction": "egress"})
    admin.do(f"network qos rule delete stream {rule}", gone=f"network qos rule show stream {rule}")
    admin.do("network qos rule type list", shows={"Type": "bandwidth_limit"})
    admin.do("network qos rule type show bandwidth_limit", shows={"rule_type_name": "bandwidth_limit", "drivers": something})
    admin.do("network qos policy delete stream", gone="network qos policy show stream")


def meters(admin):
    admin.do("network meter create gauge --description deep --share", then=("network meter show gauge", {"description": "deep", "shared": True}))
    admin.do("network meter list", shows={"Name": "gauge", "Description": "deep"})
    admin.do("network meter show gauge", shows={"id": something, "name": "gauge"})
    rule = admin.do("network meter rule create gauge --egress --source-ip-prefix 10.60.0.0/24",
                    shows={"direction": "egress", "source_ip_prefix": "10.60.0.0/24", "remote_ip_prefix": None})["id"]
    admin.do("network meter rule create gauge --exclude --ingress --remote-ip-prefix 10.60.0.0/25", shows={"direction": "ingress"})
    admin.do("network meter rule create gauge --exclude --ingress --remote-ip-prefix 10.60.0.64/26", refused="overlaps another")
    admin.do("network meter rule list", shows={"ID": rule, "Direction": "egress", "Source IP Prefix": "10.60.0.0/24"})
    admin.do(f"network meter rule show {rule}", shows={"id": rule, "metering_label_id": something})
    admin.do(f"network meter rule delete {rule}", gone=f"network meter rule show {rule}")
    admin.do("network meter delete gauge", gone="network meter show gauge", then=("network meter rule list", lambda reply: len(reply) == 0))


def packet_logs(admin):
    admin.do("network loggable resources list", shows={"Supported types": "security_group"})
    admin.run("security group create keepers")
    keepers = admin.run("security group show keepers")["id"]
    admin.do("network log create diary --resource-type security_group --resource keepers --event DROP --description wet --enable",
             then=("network log show diary", {"Event": "DROP", "Resource": keepers, "Enabled": True, "Description": "wet", "Target": None}))
    admin.do("network log list", shows={"Name": "diary", "Type": "security_group", "Enabled": True})
    admin.do("network log set diary --name journal --disable", then=("network log show journal", {"Enabled": False, "Name": "journal"}),
             gone="network log show diary")
    admin.do("network log show journal", shows={"ID": something, "Type": "security_group"})
    admin.do("network log delete journal", gone="network log show journal")
    admin.run("security group delete keepers")


def sharing(admin):
    admin.run("project create village")
    admin.run("project create hamlet")
    lake, hamlet = admin.run("network show lake")["id"], admin.run("project show hamlet")["id"]
    policy = admin.do("network rbac create lake --type network --action access_as_shared --target-project village",
                      shows={"object_id": lake, "object_type": "network", "action": "access_as_shared"})["id"]
    admin.do("network rbac list --type network", shows={"ID": policy, "Object ID": lake})
    admin.do(f"network rbac set {policy} --target-project hamlet", then=(f"network rbac show {policy}", {"target_project_id": hamlet}))
    admin.do(f"network rbac show {policy}", shows={"id": policy, "object_type": "network"})
    admin.do(f"network rbac delete {policy}", gone=f"network rbac show {policy}")
    admin.run("project delete village hamlet")


def what_serves(admin):
    agent = admin.do("network agent list", shows={"Alive": True, "State": True}).json[0]["ID"]
    admin.do(f"network agent show {agent}", shows={"id": agent, "alive": True, "binary": something})
    admin.do("network service provider list", shows={"Service Type": something})


def where_dhcp_runs(admin):
    agent = admin.run("network agent list --agent-type dhcp").json[0]["ID"]
    hosts = "network agent list --network well"
    admin.run("network create well")
    admin.run("subnet create bottom --network well --subnet-range 10.67.0.0/24")
    admin.do(f"network agent add network {agent} well --dhcp", then=(hosts, {"ID": agent, "Agent Type": "DHCP agent", "Alive": True}))
    admin.wait("port list --network well --device-owner network:dhcp", {"Status": "ACTIVE"}, within=30)
    admin.do(f"network agent remove network {agent} well --dhcp", then=(hosts, lambda reply: len(reply) == 0))
    admin.wait("port list --network well --device-owner network:dhcp", {"Status": "DOWN"}, within=30)
    admin.do(f"network agent set {agent} --disable --description asleep",
             then=(f"network agent show {agent}", {"admin_state_up": False, "description": "asleep"}))
    admin.do(f"network agent set {agent} --enable", then=(f"network agent show {agent}", {"admin_state_up": True, "description": "asleep"}))
    admin.do(f"network agent delete {agent}", refused="failed to delete")
    admin.run("network delete well")


def where_routers_run(admin):
    agent = admin.run("network agent list --agent-type l3").json[0]["ID"]
    hosts = "network agent list --router ferry"
    admin.run("router create ferry")
    admin.run("router add subnet ferry shore")
    admin.wait("router show ferry", {"status": "ACTIVE"}, within=30)
    admin.do(f"network agent remove router {agent} ferry --l3", then=(hosts, lambda reply: len(reply) == 0))
    admin.do("router show ferry", shows={"status": "DOWN"})
    admin.do(f"network agent add router {agent} ferry --l3", then=(hosts, {"ID": agent, "Agent Type": "L3 agent", "Alive": True}))
    admin.wait("router show ferry", {"status": "ACTIVE"}, within=30)
    admin.run("router remove subnet ferry shore")
    admin.run("router delete ferry")


def segments(admin):
    admin.run("network create reef")
    first = admin.do("network segment list --network reef", shows={"Network Type": "vxlan", "Segment": something}).json[0]["ID"]
    admin.do("network segment create coral --network reef --network-type vxlan", refused="has its segment")
    admin.do(f"network segment set {first} --name sand --description soft",
             then=(f"network segment show {first}", {"name": "sand", "description": "soft"}))
    admin.do(f"network segment show {first}", shows={"id": first, "network_type": "vxlan", "segmentation_id": something})
    admin.do(f"network segment delete {first}", gone=f"network segment show {first}")
    admin.do("network segment create coral --network reef --network-type vxlan --segment 4711 --description red",
             then=("network show reef", {"provider:network_type": "vxlan", "provider:segmentation_id": 4711}))
    admin.run("network delete reef")


def segment_ranges(admin):
    admin.do("network segment range list", shows={"Default": True, "Network Type": "vxlan", "Minimum ID": 1})
    admin.do("network segment range create fleet --private --project admin --network-type vxlan --minimum 70000 --maximum 70001",
             then=("network segment range show fleet", {"shared": False, "minimum": 70000, "maximum": 70001, "project_id": something}))
    admin.run("network create barge")
    admin.do("network show barge", shows={"provider:segmentation_id": 70000})
    admin.do("network segment range list --used", shows={"Name": "fleet"})
    admin.do("network segment range set fleet --name convoy --minimum 70000 --maximum 70009",
             then=("network segment range show convoy", {"maximum": 70009}), gone="network segment range show fleet")
    admin.do("network segment range show convoy", shows={"id": something, "default": False})
    admin.do("network segment range delete convoy", refused="failed to delete")
    admin.run("network delete barge")
    admin.do("network segment range delete convoy", gone="network segment range show convoy")


def a_network_without_asking(admin):
    admin.do("network auto allocated topology create --check-resources", refused="No default subnetpools defined")
    admin.run("subnet pool create rain --pool-prefix 10.68.0.0/16 --default-prefix-length 26 --default --share")
    admin.do("network auto allocated topology create --check-resources", shows=lambda reply: "dry_run" in reply.json)
    made = admin.do("network auto allocated topology create", then=("router show auto_allocated_router", {"external_gateway_info": something}))
    admin.do("network auto allocated topology create", shows={"id": made["id"]})
    admin.do("subnet list --network auto_allocated_network", shows={"Name": "auto_allocated_subnet_v4", "Subnet": "10.68.0.0/26"})
    admin.do("network auto allocated topology delete", gone="network show auto_allocated_network")
    admin.run("subnet pool delete rain")


def kinds_of_routers(admin):
    driver = "neutron.services.l3_router.service_providers.single_node.SingleNodeDriver"
    profile = admin.do(f"network flavor profile create --driver {driver} --description oak",
                       shows={"driver": driver, "description": "oak", "enabled": True})["id"]
    admin.do("network flavor profile list", shows={"ID": profile, "Driver": driver, "Enabled": True})
    admin.do(f"network flavor profile set {profile} --description elm --disable",
             then=(f"network flavor profile show {profile}", {"description": "elm", "enabled": False}))
    admin.do(f"network flavor profile show {profile}", shows={"id": profile, "driver": driver})
    admin.run(f"network flavor profile set {profile} --enable")
    admin.do("network flavor create boats --service-type L3_ROUTER_NAT --description wooden",
             then=("network flavor show boats", {"description": "wooden", "enabled": True, "service_type": "L3_ROUTER_NAT"}))
    admin.do("network flavor list", shows={"Name": "boats", "Enabled": True})
    admin.do("network flavor set boats --name ships --disable", then=("network flavor show ships", {"enabled": False}), gone="network flavor show boats")
    admin.do("network flavor show ships", shows={"id": something, "service_profile_ids": []})
    admin.do(f"network flavor add profile ships {profile}", then=("network flavor show ships", {"service_profile_ids": [profile]}))
    admin.do(f"network flavor profile delete {profile}", refused="failed to delete")
    admin.do(f"network flavor remove profile ships {profile}", then=("network flavor show ships", {"service_profile_ids": []}))
    admin.do("network flavor delete ships", gone="network flavor show ships")
    admin.do(f"network flavor profile delete {profile}", gone=f"network flavor profile show {profile}")
