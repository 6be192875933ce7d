"""The Swift suite: python-swiftclient against the object store.

Environment: SWIFT_URL (of the first project's account); SWIFT_TOKEN_A (a member), SWIFT_TOKEN_READER (a reader of the same project), SWIFT_TOKEN_B (a member of another project),
SWIFT_URL_B (its account). Optional: S3_CA (a file of certificates); S3_URL, S3_KEY_A, S3_SECRET_A for what both APIs see.
"""
import gzip
import hashlib
import hmac
import io
import json
import os
import ssl
import sys
import tarfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

import swiftclient.client as swift
from swiftclient.exceptions import ClientException

URL, URL_B, CA = os.environ["SWIFT_URL"], os.environ["SWIFT_URL_B"], os.environ.get("S3_CA")
TOKENS = {"a": os.environ["SWIFT_TOKEN_A"], "reader": os.environ["SWIFT_TOKEN_READER"], "b": os.environ["SWIFT_TOKEN_B"]}


def connect(who="a", url=URL):
    return swift.Connection(preauthurl=url, preauthtoken=TOKENS[who], cacert=CA, retries=0)


def web(method, path, body=None, headers=None, token=None):
    headers = dict(headers or {})
    if token:
        headers["X-Auth-Token"] = TOKENS[token]
    request = urllib.request.Request(path if path.startswith("http") else URL + path, data=body, method=method, headers=headers)
    context = ssl.create_default_context(cafile=CA) if request.full_url.startswith("https") else None
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Case(unittest.TestCase):
    def setUp(self):
        self.c = connect()
        self.made = []
        self.addCleanup(self.c.close)

    def tearDown(self):
        for name in self.made:
            try:
                self.c.post_container(name, {"X-Versions-Enabled": "false", "X-Remove-Versions-Location": "x", "X-Remove-History-Location": "x"})
                for item in self.c.get_container(name, query_string="versions")[1]:
                    if "version_id" in item:
                        self.c.delete_object(name, item["name"], query_string="version-id=" + item["version_id"])
                self.c.delete_container(name)
            except ClientException as error:
                if error.http_status != 404:
                    raise

    def container(self, headers=None):
        name = "test-" + uuid.uuid4().hex[:16]
        self.c.put_container(name, headers)
        self.made.append(name)
        return name

    def refused(self, status, call, *args, **options):
        with self.assertRaises(ClientException) as caught:
            call(*args, **options)
        self.assertEqual(caught.exception.http_status, status, caught.exception)


class Accounts(Case):
    def test_an_account_counts_and_lists_its_containers(self):
        name = self.container()
        self.c.put_object(name, "k", b"12345")
        head, items = self.c.get_account(prefix=name)
        self.assertEqual([(i["name"], i["count"], i["bytes"]) for i in items], [(name, 1, 5)])
        self.assertGreaterEqual(int(head["x-account-bytes-used"]), 5)
        self.assertGreaterEqual(int(head["x-account-container-count"]), 1)
        self.assertIn(name.encode() + b"\n", web("GET", "", token="a")[2])
        self.assertIn(b"<account name=", web("GET", "?format=xml", token="a")[2])
        self.assertEqual(web("GET", "?limit=10001", token="a")[0], 412)

    def test_metadata_of_an_account(self):
        self.c.post_account({"X-Account-Meta-Colour": "blue"})
        self.assertEqual(self.c.head_account()["x-account-meta-colour"], "blue")
        self.c.post_account({"X-Remove-Account-Meta-Colour": "x"})
        self.assertNotIn("x-account-meta-colour", self.c.head_account())

    def test_strangers_and_readers(self):
        self.refused(403, connect("b").get_account)
        self.assertEqual(web("GET", "")[0], 401)
        connect("reader").get_account()
        self.refused(403, connect("reader").post_account, {"X-Account-Meta-A": "b"})
        self.refused(403, connect("reader").put_container, "test-by-reader")

    def test_what_the_store_can_do(self):
        known = self.c.get_capabilities()
        self.assertIn("slo", known)
        self.assertEqual(known["swift"]["container_listing_limit"], 10000)


class Containers(Case):
    def test_a_container_is_made_changed_and_deleted(self):
        name = self.container({"X-Container-Meta-A": "1"})
        self.assertEqual(self.c.head_container(name)["x-container-meta-a"], "1")
        self.c.post_container(name, {"X-Container-Meta-B": "ü"})
        head = self.c.head_container(name)
        self.assertEqual((head["x-container-meta-a"], head["x-container-meta-b"], head["x-container-object-count"], head["x-storage-policy"]), ("1", "ü", "0", "default"))
        self.assertEqual(web("PUT", "/" + name, token="a")[0], 202)
        self.c.delete_container(name)
        self.refused(404, self.c.head_container, name)
        self.refused(404, self.c.delete_container, name)

    def test_names_are_the_projects_own(self):
        name = self.container()
        other = connect("b", URL_B)
        other.put_container(name)
        other.put_object(name, "theirs", b"b")
        self.assertEqual(self.c.get_container(name)[1], [])
        other.delete_object(name, "theirs")
        other.delete_container(name)
        odd = "Ünder_score & Ö/"[:-1] + uuid.uuid4().hex[:6]
        self.c.put_container(odd)
        self.made.append(odd)
        self.c.put_object(odd, "k", b"")
        self.assertEqual(len(self.c.get_container(odd)[1]), 1)
        self.c.delete_object(odd, "k")

    def test_lists(self):
        name = self.container()
        for key in ("a", "dir/b", "dir/c", "dir2/d", "z"):
            self.c.put_object(name, key, b"x", content_type="text/x")
        names = lambda **options: [i.get("name", i.get("subdir")) for i in self.c.get_container(name, **options)[1]]
        self.assertEqual(names(), ["a", "dir/b", "dir/c", "dir2/d", "z"])
        self.assertEqual(names(delimiter="/"), ["a", "dir/", "dir2/", "z"])
        self.assertEqual(names(prefix="dir/"), ["dir/b", "dir/c"])
        self.assertEqual(names(limit=2), ["a", "dir/b"])
        self.assertEqual(names(marker="dir/b", end_marker="z"), ["dir/c", "dir2/d"])
        self.assertEqual(names(query_string="reverse=true"), ["z", "dir2/d", "dir/c", "dir/b", "a"])
        self.assertEqual(names(query_string="path=dir"), ["dir/b", "dir/c"])
        item = self.c.get_container(name, limit=1)[1][0]
        self.assertEqual((item["bytes"], item["content_type"], item["hash"]), (1, "text/x", hashlib.md5(b"x").hexdigest()))
        self.refused(409, self.c.delete_container, name)
        for key in ("a", "dir/b", "dir/c", "dir2/d", "z"):
            self.c.delete_object(name, key)

    def test_access_lists(self):
        name = self.container()
        self.c.put_object(name, "k", b"open")
        self.assertEqual(web("GET", "/%s/k" % name)[0], 401)
        self.refused(403, connect("b").get_object, name, "k")
        self.c.post_container(name, {"X-Container-Read": ".r:*"})
        self.assertEqual(web("GET", "/%s/k" % name)[::2], (200, b"open"))
        self.assertEqual(web("GET", "/" + name)[0], 401)
        self.c.post_container(name, {"X-Container-Read": ".r:*,.rlistings"})
        self.assertEqual(web("GET", "/" + name)[0], 200)
        theirs = URL_B.rsplit("AUTH_", 1)[1]
        self.c.post_container(name, {"X-Container-Read": theirs + ":*", "X-Container-Write": theirs + ":*"})
        self.assertEqual(web("GET", "/%s/k" % name)[0], 401)
        self.assertEqual(connect("b").get_object(name, "k")[1], b"open")
        connect("b").put_object(name, "by-b", b"b")
        connect("b").delete_object(name, "by-b")
        self.refused(403, connect("b").post_container, name, {"X-Container-Meta-A": "b"})
        self.refused(403, connect("b").delete_container, name)
        self.refused(400, self.c.post_container, name, {"X-Container-Write": ".r:*"})
        self.c.post_container(name, {"X-Remove-Container-Read": "x", "X-Remove-Container-Write": "x"})
        self.refused(403, connect("b").get_object, name, "k")
        self.c.delete_object(name, "k")

    def test_quotas_of_a_container(self):
        name = self.container({"X-Container-Meta-Quota-Bytes": "10", "X-Container-Meta-Quota-Count": "2"})
        self.c.put_object(name, "a", b"12345678")
        self.refused(413, self.c.put_object, name, "b", b"12345")
        self.c.put_object(name, "b", b"12")
        self.refused(413, self.c.put_object, name, "c", b"")
        self.c.put_object(name, "a", b"1")
        self.refused(400, self.c.post_container, name, {"X-Container-Meta-Quota-Bytes": "many"})
        for key in "ab":
            self.c.delete_object(name, key)


class Objects(Case):
    def test_an_object_is_written_read_changed_copied_and_deleted(self):
        name = self.container()
        body = os.urandom(100_000)
        etag = self.c.put_object(name, "dir/k ö", body, content_type="text/x", headers={"X-Object-Meta-Colour": "blue"})
        self.assertEqual(etag, hashlib.md5(body).hexdigest())
        head, got = self.c.get_object(name, "dir/k ö")
        self.assertEqual((got, head["content-type"], head["x-object-meta-colour"], head["etag"]), (body, "text/x", "blue", etag))
        self.assertEqual(self.c.get_object(name, "dir/k ö", headers={"Range": "bytes=10-19"})[1], body[10:20])
        self.c.post_object(name, "dir/k ö", {"X-Object-Meta-Size": "big"})
        head = self.c.head_object(name, "dir/k ö")
        self.assertEqual((head["x-object-meta-size"], "x-object-meta-colour" in head, head["content-type"]), ("big", False, "text/x"))
        self.c.copy_object(name, "dir/k ö", "/%s/copy" % name, headers={"X-Object-Meta-New": "1"})
        head, got = self.c.get_object(name, "copy")
        self.assertEqual((got, head["x-object-meta-size"], head["x-object-meta-new"]), (body, "big", "1"))
        self.c.put_object(name, "copy2", b"", headers={"X-Copy-From": urllib.parse.quote("/%s/copy" % name), "X-Fresh-Metadata": "true"}, content_length=0)
        self.assertNotIn("x-object-meta-new", self.c.head_object(name, "copy2"))
        for key in ("dir/k ö", "copy", "copy2"):
            self.c.delete_object(name, key)
        self.refused(404, self.c.get_object, name, "copy")
        self.refused(404, self.c.delete_object, name, "copy")

    def test_a_wrong_etag_stores_nothing(self):
        name = self.container()
        self.refused(422, self.c.put_object, name, "k", b"abc", etag=hashlib.md5(b"other").hexdigest())
        self.assertEqual(self.c.get_container(name)[1], [])
        self.refused(404, self.c.put_object, "test-absent", "k", b"")
        self.refused(400, self.c.put_object, name, "k" * 1025, b"")

    def test_conditions(self):
        name = self.container()
        etag = self.c.put_object(name, "k", b"1")
        self.assertEqual(web("GET", "/%s/k" % name, headers={"If-None-Match": etag}, token="a")[0], 304)
        self.assertEqual(web("GET", "/%s/k" % name, headers={"If-Match": "other"}, token="a")[0], 412)
        self.assertEqual(web("GET", "/%s/k" % name, headers={"Range": "bytes=5-"}, token="a")[0], 416)
        self.c.delete_object(name, "k")

    def test_an_object_ends_by_itself(self):
        name = self.container()
        self.c.put_object(name, "k", b"1", headers={"X-Delete-After": "2"})
        self.assertIn("x-delete-at", self.c.head_object(name, "k"))
        time.sleep(3.1)
        self.refused(404, self.c.get_object, name, "k")
        self.refused(400, self.c.put_object, name, "k", b"1", headers={"X-Delete-At": "1"})
        for _ in range(60):
            if not self.c.get_container(name)[1]:
                break
            time.sleep(0.5)
        self.assertEqual(self.c.get_container(name)[1], [])

    def test_temporary_urls(self):
        name = self.container()
        self.c.put_object(name, "k", b"temp")
        self.c.post_container(name, {"X-Container-Meta-Temp-URL-Key": "secret"})
        path = urllib.parse.urlparse(URL).path + "/%s/k" % name
        for path in (path, path[path.index("/v1/"):]):
            for digest in ("sha1", "sha256", "sha512"):
                expires = int(time.time()) + 60
                signature = hmac.new(b"secret", ("GET\n%d\n%s" % (expires, path)).encode(), digest).hexdigest()
                query = "?temp_url_sig=%s&temp_url_expires=%d" % (signature, expires)
                status, headers, body = web("GET", "/%s/k%s" % (name, query))
                self.assertEqual((status, body, headers["Content-Disposition"][:10]), (200, b"temp", "attachment"))
                self.assertEqual(web("HEAD", "/%s/k%s" % (name, query))[0], 200)
                self.assertEqual(web("PUT", "/%s/k%s" % (name, query), b"x")[0], 401)
                self.assertEqual(web("GET", "/%s/other%s" % (name, query))[0], 401)
                self.assertEqual(web("GET", "/%s/k?temp_url_sig=%s&temp_url_expires=%d" % (name, signature, expires + 1))[0], 401)
        past = int(time.time()) - 1
        signature = hmac.new(b"secret", ("GET\n%d\n%s" % (past, path)).encode(), "sha256").hexdigest()
        self.assertEqual(web("GET", "/%s/k?temp_url_sig=%s&temp_url_expires=%d" % (name, signature, past))[0], 401)
        self.c.delete_object(name, "k")


class Large(Case):
    def test_a_static_large_object(self):
        name, parts = self.container(), self.container()
        bodies = [os.urandom(1000), os.urandom(2000), os.urandom(10)]
        manifest = []
        for number, body in enumerate(bodies):
            etag = self.c.put_object(parts, "s%d" % number, body)
            manifest.append({"path": "/%s/s%d" % (parts, number), "etag": etag, "size_bytes": len(body)})
        self.c.put_object(name, "big", json.dumps(manifest), query_string="multipart-manifest=put", content_type="text/big")
        head, got = self.c.get_object(name, "big")
        self.assertEqual((got, head["x-static-large-object"], head["content-type"]), (b"".join(bodies), "True", "text/big"))
        self.assertEqual(head["etag"].strip('"'), hashlib.md5("".join(m["etag"] for m in manifest).encode()).hexdigest())
        self.assertEqual(self.c.get_object(name, "big", headers={"Range": "bytes=990-1009"})[1], b"".join(bodies)[990:1010])
        shown = json.loads(self.c.get_object(name, "big", query_string="multipart-manifest=get")[1])
        self.assertEqual([s["bytes"] for s in shown], [1000, 2000, 10])
        ranged = [dict(manifest[1], range="5-14"), manifest[2]]
        self.c.put_object(name, "cut", json.dumps(ranged), query_string="multipart-manifest=put")
        self.assertEqual(self.c.get_object(name, "cut")[1], bodies[1][5:15] + bodies[2])
        self.refused(400, self.c.put_object, name, "bad", json.dumps([dict(manifest[0], etag="0" * 32)]), query_string="multipart-manifest=put")
        self.refused(400, self.c.put_object, name, "bad", "no json", query_string="multipart-manifest=put")
        self.c.delete_object(name, "cut")
        self.c.delete_object(name, "big", query_string="multipart-manifest=delete")
        self.assertEqual(self.c.get_container(parts)[1], [])

    def test_a_dynamic_large_object(self):
        name = self.container()
        for number in range(3):
            self.c.put_object(name, "parts/%d" % number, b"%d" % number * 5)
        self.c.put_object(name, "big", b"", headers={"X-Object-Manifest": "%s/parts/" % name})
        head, got = self.c.get_object(name, "big")
        self.assertEqual((got, head["content-length"]), (b"000001111122222", "15"))
        for key in ("parts/0", "parts/1", "parts/2", "big"):
            self.c.delete_object(name, key)

    def test_a_manifest_opens_nothing_that_its_reader_may_not_open(self):
        theirs = URL_B.rsplit("AUTH_", 1)[1]
        shared, private = self.container({"X-Container-Read": theirs + ":*", "X-Container-Write": theirs + ":*"}), self.container()
        etag = self.c.put_object(private, "secret", b"secret")
        manifest = json.dumps([{"path": "/%s/secret" % private, "etag": etag, "size_bytes": 6}])
        b = connect("b")
        self.refused(400, b.put_object, shared, "static", manifest, query_string="multipart-manifest=put")
        b.put_object(shared, "dynamic", b"", headers={"X-Object-Manifest": private + "/"})
        self.refused(403, b.get_object, shared, "dynamic")
        self.c.put_object(shared, "static", manifest, query_string="multipart-manifest=put")
        self.assertEqual(self.c.get_object(shared, "static")[1], b"secret")
        self.refused(403, b.get_object, shared, "static")
        b.delete_object(shared, "static", query_string="multipart-manifest=delete")
        self.assertEqual(self.c.get_object(private, "secret")[1], b"secret")
        for container, key in ((shared, "dynamic"), (private, "secret")):
            self.c.delete_object(container, key)

    def test_a_manifest_names_no_manifest_and_is_listed_with_its_size(self):
        name = self.container()
        self.c.put_object(name, "s", b"12345")
        etag = self.c.put_object(name, "m", json.dumps([{"path": "/%s/s" % name}] * 2), query_string="multipart-manifest=put")
        self.assertEqual([(i["bytes"], i["slo_etag"].strip('"')) for i in self.c.get_container(name, prefix="m")[1]], [(10, etag.strip('"'))])
        self.refused(400, self.c.put_object, name, "nested", json.dumps([{"path": "/%s/m" % name}]), query_string="multipart-manifest=put")
        self.assertFalse([h for h in self.c.head_object(name, "m") if "sysmeta" in h])
        for key in ("m", "s"):
            self.c.delete_object(name, key)

    def test_a_temporary_url_makes_no_manifest(self):
        name = self.container({"X-Container-Meta-Temp-URL-Key": "secret"})
        path, expires = urllib.parse.urlparse(URL).path + "/%s/k" % name, int(time.time()) + 60
        signature = hmac.new(b"secret", ("PUT\n%d\n%s" % (expires, path)).encode(), "sha256").hexdigest()
        query = "/%s/k?temp_url_sig=%s&temp_url_expires=%d" % (name, signature, expires)
        self.assertEqual(web("PUT", query, b"x", {"X-Object-Manifest": "other/prefix"})[0], 400)
        self.assertEqual(web("PUT", query + "&multipart-manifest=put", b"[]")[0], 400)
        self.assertEqual(web("PUT", query, b"x")[0], 201)
        self.c.delete_object(name, "k")

    def test_many_are_deleted_and_made_at_once(self):
        name = self.container()
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for key in ("a", "./dir/b", ".hidden"):
                entry = tarfile.TarInfo(key)
                entry.size = 3
                tar.addfile(entry, io.BytesIO(b"abc"))
        status, _, body = web("PUT", "/%s?extract-archive=tar" % name, archive.getvalue(), {"Accept": "application/json"}, token="a")
        self.assertEqual((status, json.loads(body)["Number Files Created"]), (200, 3))
        status, _, body = web("PUT", "/%s?extract-archive=tar.gz" % name, gzip.compress(archive.getvalue()), {"Accept": "application/json"}, token="a")
        self.assertEqual(json.loads(body)["Number Files Created"], 3)
        self.assertEqual(self.c.get_object(name, "dir/b")[1], b"abc")
        lines = "\n".join("%s/%s" % (name, key) for key in ("a", "dir/b", ".hidden", "absent")).encode()
        status, _, body = web("POST", "?bulk-delete", lines, {"Accept": "application/json", "Content-Type": "text/plain"}, token="a")
        report = json.loads(body)
        self.assertEqual((report["Number Deleted"], report["Number Not Found"], report["Response Status"]), (3, 1, "200 OK"))


class Versions(Case):
    def test_versions_are_kept_where_they_are(self):
        name = self.container({"X-Versions-Enabled": "true"})
        self.c.put_object(name, "k", b"1")
        self.c.put_object(name, "k", b"2")
        items = self.c.get_container(name, query_string="versions")[1]
        self.assertEqual([(i["name"], i["is_latest"]) for i in items], [("k", True), ("k", False)])
        self.assertEqual(self.c.get_object(name, "k", query_string="version-id=" + items[1]["version_id"])[1], b"1")
        self.c.delete_object(name, "k")
        self.refused(404, self.c.get_object, name, "k")

    def test_versions_go_to_another_container_and_come_back(self):
        old = self.container()
        name = self.container({"X-Versions-Location": old})
        for body in (b"1", b"2", b"3"):
            self.c.put_object(name, "k", body)
            time.sleep(0.01)
        self.assertEqual([i["name"][:5] for i in self.c.get_container(old)[1]], ["001k/"] * 2)
        for body in (b"3", b"2", b"1"):
            self.assertEqual(self.c.get_object(name, "k")[1], body)
            self.c.delete_object(name, "k")
        self.refused(404, self.c.get_object, name, "k")
        self.assertEqual(self.c.get_container(old)[1], [])


class Both(Case):
    def test_s3_and_swift_see_the_same_objects(self):
        import boto3
        from botocore.client import Config
        s3 = boto3.client("s3", endpoint_url=os.environ["S3_URL"], aws_access_key_id=os.environ["S3_KEY_A"], aws_secret_access_key=os.environ["S3_SECRET_A"],
                          region_name="RegionOne", verify=CA or True, config=Config(s3={"addressing_style": "path"}))
        name = self.container()
        self.assertIn(name, [b["Name"] for b in s3.list_buckets()["Buckets"]])
        self.c.put_object(name, "by-swift", b"one", headers={"X-Object-Meta-M": "1"})
        got = s3.get_object(Bucket=name, Key="by-swift")
        self.assertEqual((got["Body"].read(), got["Metadata"]), (b"one", {"m": "1"}))
        upload = s3.create_multipart_upload(Bucket=name, Key="by-s3", Metadata={"n": "2"})["UploadId"]
        parts = [{"PartNumber": n, "ETag": s3.upload_part(Bucket=name, Key="by-s3", UploadId=upload, PartNumber=n, Body=b)["ETag"]} for n, b in ((1, b"x" * 5 * 1024 * 1024), (2, b"y"))]
        s3.complete_multipart_upload(Bucket=name, Key="by-s3", UploadId=upload, MultipartUpload={"Parts": parts})
        head, body = self.c.get_object(name, "by-s3")
        self.assertEqual((len(body), body[-1:], head["x-object-meta-n"]), (5 * 1024 * 1024 + 1, b"y", "2"))
        s3.put_object(Bucket=name, Key="sealed", Body=b"secret", ServerSideEncryption="AES256")
        self.assertEqual(self.c.get_object(name, "sealed")[1], b"secret")
        for key in ("by-swift", "by-s3", "sealed"):
            self.c.delete_object(name, key)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=sys.argv)
