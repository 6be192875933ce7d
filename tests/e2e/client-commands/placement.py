"""Inventories, what is allocated of them, and where something fits."""
import uuid

from client import has, lacks, something


def calls(admin, work):
    admin.do("resource class create CUSTOM_ACRE", then=("resource class list", {"name": "CUSTOM_ACRE"}))
    admin.do("resource class list", shows={"name": "VCPU"})
    admin.do("resource class set CUSTOM_BARN", then=("resource class list", {"name": "CUSTOM_BARN"}))
    admin.do("resource class show CUSTOM_BARN", shows={"name": "CUSTOM_BARN"})
    admin.do("resource class delete CUSTOM_BARN", gone="resource class show CUSTOM_BARN")
    admin.do("trait create CUSTOM_SUNNY", then=("trait list", {"name": "CUSTOM_SUNNY"}))
    admin.do("trait list --name startswith:CUSTOM_SUN", shows=lambda reply: [row["name"] for row in reply] == ["CUSTOM_SUNNY"])
    admin.do("trait show CUSTOM_SUNNY", shows={"name": "CUSTOM_SUNNY"})

    farm = admin.do("resource provider create farm", shows={"uuid": something, "name": "farm", "generation": 0})["uuid"]
    field = admin.do(f"resource provider create field --parent-provider {farm}",
                     shows={"parent_provider_uuid": farm, "root_provider_uuid": farm})["uuid"]
    admin.do(f"resource provider list --in-tree {farm}", shows=lambda reply: sorted(row["name"] for row in reply) == ["farm", "field"])
    admin.do(f"resource provider set {field} --name meadow --parent-provider {farm}",
             then=(f"resource provider show {field}", {"name": "meadow"}))
    admin.do(f"resource provider show {field}", shows={"uuid": field, "parent_provider_uuid": farm})
    admin.do(f"resource provider delete {field}", gone=f"resource provider show {field}")

    admin.do(f"resource provider inventory set {farm} --resource CUSTOM_ACRE=8 --resource CUSTOM_ACRE:max_unit=4",
             then=(f"resource provider inventory list {farm}", {"resource_class": "CUSTOM_ACRE", "total": 8, "max_unit": 4}))
    admin.do(f"resource provider inventory class set {farm} CUSTOM_ACRE --total 10 --reserved 1",
             then=(f"resource provider inventory show {farm} CUSTOM_ACRE", {"total": 10, "reserved": 1}))
    admin.do(f"resource provider inventory list {farm}", shows={"resource_class": "CUSTOM_ACRE", "used": 0})
    admin.do(f"resource provider inventory show {farm} CUSTOM_ACRE", shows={"allocation_ratio": 1.0, "step_size": 1})
    admin.do(f"resource provider trait set {farm} --trait CUSTOM_SUNNY",
             then=(f"resource provider trait list {farm}", {"name": "CUSTOM_SUNNY"}))
    admin.do(f"resource provider trait list {farm}", shows=lambda reply: len(reply) == 1)
    group = str(uuid.uuid4())
    generation = admin.run(f"resource provider show {farm}")["generation"]
    admin.do(f"resource provider aggregate set {farm} --aggregate {group} --generation {generation}",
             then=(f"resource provider list --member-of {group}", {"uuid": farm}))
    admin.do(f"resource provider aggregate list {farm}", shows={"uuid": group})
    admin.do("allocation candidate list --resource CUSTOM_ACRE=2 --required CUSTOM_SUNNY",
             shows={"resource provider": farm, "allocation": "CUSTOM_ACRE=2"})
    admin.do("allocation candidate list --resource CUSTOM_ACRE=2 --forbidden CUSTOM_SUNNY", shows=lambda reply: len(reply) == 0)

    consumer, project, user = str(uuid.uuid4()), uuid.uuid4().hex, uuid.uuid4().hex
    whose = f"--project-id {project} --user-id {user} --consumer-type CROP"
    admin.do(f"resource provider allocation set {consumer} --allocation rp={farm},CUSTOM_ACRE=3 {whose}",
             then=(f"resource provider usage show {farm}", {"resource_class": "CUSTOM_ACRE", "usage": 3}))
    admin.do(f"resource provider allocation show {consumer}",
             shows={"resource_provider": farm, "resources": {"CUSTOM_ACRE": 3}, "project_id": project})
    admin.do(f"resource provider usage show {farm}", shows={"resource_class": "CUSTOM_ACRE", "usage": 3})
    admin.do(f"resource usage show {project}", shows={"resource_class": "CROP", "usage": {"CUSTOM_ACRE": 3, "consumer_count": 1}})
    admin.do(f"resource provider show {farm} --allocations", shows={"allocations": has(consumer)})
    admin.do(f"resource provider allocation unset {consumer} --provider {farm}",
             then=(f"resource provider usage show {farm}", {"usage": 0}))
    admin.run(f"resource provider allocation set {consumer} --allocation rp={farm},CUSTOM_ACRE=2 {whose}")
    admin.do(f"resource provider inventory delete {farm} --resource-class CUSTOM_ACRE", refused="409")
    admin.do(f"resource provider allocation delete {consumer}", then=(f"resource provider usage show {farm}", {"usage": 0}))

    admin.do(f"resource provider inventory delete {farm} --resource-class CUSTOM_ACRE",
             then=(f"resource provider inventory list {farm}", lacks(resource_class="CUSTOM_ACRE")))
    admin.do(f"resource provider trait delete {farm}", then=(f"resource provider trait list {farm}", lambda reply: len(reply) == 0))
    admin.do("trait delete CUSTOM_SUNNY", gone="trait show CUSTOM_SUNNY")
    admin.run("resource class delete CUSTOM_ACRE")
    admin.run(f"resource provider delete {farm}")
