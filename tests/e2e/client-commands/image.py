"""Images, their bytes, and who may see them."""
import hashlib

from client import has, lacks, without


def calls(admin, work):
    data = bytes(range(256)) * 4096
    (work / "picture.raw").write_bytes(data)
    admin.do(f"image create picture --disk-format raw --container-format bare --min-disk 1 --file {work}/picture.raw "
             "--property os_distro=debian --tag new",
             then=("image show picture", {"status": "active", "size": len(data), "min_disk": 1, "disk_format": "raw", "tags": ["new"],
                                          "visibility": "shared"}))
    admin.do("image list --status active", shows={"Name": "picture", "Status": "active"})
    admin.do("image show picture",
             shows={"checksum": hashlib.md5(data).hexdigest(), "properties": lambda properties: properties["os_distro"] == "debian"})
    admin.do("image set picture --name portrait --min-ram 64 --tag old --property os_version=13 --protected",
             then=("image show portrait", {"min_ram": 64, "tags": has("new", "old"), "protected": True,
                                           "properties": lambda those: those["os_version"] == "13"}))
    admin.do("image delete portrait", refused="403")
    admin.do("image set portrait --unprotected --deactivate", then=("image show portrait", {"protected": False, "status": "deactivated"}))
    admin.do("image set portrait --activate", then=("image show portrait", {"status": "active"}))
    admin.do("image unset portrait --tag old --property os_version",
             then=("image show portrait", {"tags": ["new"], "properties": without("os_version")}))

    def the_bytes_are_the_same():
        assert (work / "saved.raw").read_bytes() == data, "the saved file has other bytes"
    admin.do(f"image save portrait --file {work}/saved.raw", then=the_bytes_are_the_same)

    admin.run("project create gallery")
    admin.run("user create visitor --password looks-at-pictures")
    admin.run("role add member --project gallery --user visitor")
    visitor = admin.user("visitor", "looks-at-pictures", "gallery")
    visitor.do("image show portrait", refused="No Image found")
    image, gallery = admin.run("image show portrait")["id"], admin.run("project show gallery")["id"]
    admin.do("image add project portrait gallery", shows={"image_id": image, "member_id": gallery, "status": "pending"})
    admin.do("image member list portrait", shows={"Image ID": image, "Member ID": gallery, "Status": "pending"})
    visitor.do(f"image set {image} --accept", then=("image list --shared", {"ID": image, "Name": "portrait"}))
    admin.do("image remove project portrait gallery",
             then=[("image member list portrait", lacks(**{"Member ID": gallery})), lambda: visitor.do(f"image show {image}",
                                                                                                       refused="No Image found")])
    admin.do("image delete portrait", gone="image show portrait")
    admin.run("user delete visitor")
    admin.run("project delete gallery")
