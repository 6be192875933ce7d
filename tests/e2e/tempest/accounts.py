#!/usr/bin/python3
"""accounts.py COUNT SECRET FILE - by the stock library, as the administrator of OS_CLOUD: projects, each with a user (role member), a network, a subnet
and a router to the outside. Writes them to FILE as accounts of Tempest."""
import sys

import openstack


def main():
    count, secret, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    cloud = openstack.connect()
    member = cloud.identity.find_role("member")
    external = next(cloud.network.networks(is_router_external=True))
    with open(path, "w", encoding="utf-8") as accounts:
        for number in range(1, count + 1):
            name = f"tempest-{number}"
            project = cloud.identity.create_project(name=name)
            user = cloud.identity.create_user(name=name, password=secret)
            cloud.identity.assign_project_role_to_user(project, user, member)
            network = cloud.network.create_network(name=name + "-net", project_id=project.id)
            subnet = cloud.network.create_subnet(name=name + "-subnet", project_id=project.id, network_id=network.id, ip_version=4, cidr="10.99.0.0/24")
            router = cloud.network.create_router(name=name + "-router", project_id=project.id, external_gateway_info={"network_id": external.id})
            cloud.network.add_interface_to_router(router, subnet_id=subnet.id)
            accounts.write(
                f"- username: {name}\n  project_name: {name}\n  user_domain_name: Default\n  project_domain_name: Default\n"
                f"  password: {secret}\n  roles: [member]\n  resources: {{network: {network.name}}}\n")


main()
