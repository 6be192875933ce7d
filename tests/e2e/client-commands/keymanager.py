"""Secrets, containers of them, keys made to order, and who may read them."""
from client import has, something


def calls(admin, work):
    secret = admin.do("secret store --name barn --payload straw --payload-content-type text/plain --secret-type passphrase",
                      shows={"Name": "barn", "Secret href": something})["Secret href"]
    admin.do(f"secret get {secret}", shows={"Name": "barn", "Status": "ACTIVE", "Content types": {"default": "text/plain"}})
    admin.do(f"secret get {secret} --payload --payload_content_type text/plain", shows={"Payload": "straw"})
    admin.do("secret list --name barn", shows={"Secret href": secret})
    empty = admin.run("secret store --name later")["Secret href"]
    admin.do(f"secret update {empty} hay", then=(f"secret get {empty} --payload --payload_content_type text/plain", {"Payload": "hay"}))

    container = admin.do(f"secret container create --name shed --type generic --secret straw={secret}",
                         shows={"Name": "shed", "Container href": something})["Container href"]
    admin.do(f"secret container get {container}", shows={"Name": "shed", "Secrets": has(secret)})
    admin.do("secret container list --name shed", shows={"Container href": container})
    admin.do(f"secret container delete {container}", gone=f"secret container get {container}")

    order = admin.do("secret order create --name key --algorithm aes --bit-length 256 --mode cbc key", shows={"Order href": something})["Order href"]
    admin.do(f"secret order get {order}", shows={"Type": "Key"})
    admin.do("secret order list", shows={"Order href": order})
    admin.do(f"secret order delete {order}", gone=f"secret order get {order}")

    user = admin.run("token issue")["user_id"]
    admin.do(f"acl submit {secret} --user {user} --no-project-access", then=(f"acl get {secret}", {"Project Access": False, "Users": has(user)}))
    admin.do(f"acl user add {secret} --user {'0' * 32}", then=(f"acl get {secret}", {"Users": has("0" * 32)}))
    admin.do(f"acl user remove {secret} --user {'0' * 32}", then=(f"acl get {secret}", {"Users": has(user)}))
    admin.do(f"acl get {secret}", shows={"Project Access": False})
    admin.do(f"acl delete {secret}", then=(f"acl get {secret}", {"Project Access": True}))
    for href in (secret, empty):
        admin.do(f"secret delete {href}", gone=f"secret get {href}")
