"""The S3 suite: boto3 against the object store. Each test says which feature it asks for.

Environment: S3_URL; S3_KEY_A, S3_SECRET_A (a member of one project); S3_KEY_B, S3_SECRET_B (a member of another); S3_READER, S3_READER_SECRET (a reader of the first).
Optional: S3_CA (a file of certificates).
"""
import datetime
import hashlib
import json
import os
import socket
import ssl
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

URL = os.environ["S3_URL"]
CA = os.environ.get("S3_CA")
KEYS = {
    "a": (os.environ["S3_KEY_A"], os.environ["S3_SECRET_A"]),
    "b": (os.environ["S3_KEY_B"], os.environ["S3_SECRET_B"]),
    "reader": (os.environ["S3_READER"], os.environ["S3_READER_SECRET"]),
}
MIB = 1024 * 1024


def local_names(resolve=socket.getaddrinfo):
    """Names below "localhost" are this machine (RFC 6761, section 6.3), which not every resolver knows."""
    socket.getaddrinfo = lambda host, *rest, **options: resolve("localhost" if str(host).endswith(".localhost") else host, *rest, **options)


local_names()


def client(who="a", **options):
    key, secret = KEYS[who]
    options.setdefault("s3", {"addressing_style": "path"})
    options.setdefault("retries", {"max_attempts": 1})
    # No certificate names hosts below "localhost".
    verify = False if options["s3"]["addressing_style"] == "virtual" and "//localhost" in URL else CA or True
    return boto3.client("s3", endpoint_url=URL, aws_access_key_id=key, aws_secret_access_key=secret, region_name="RegionOne", verify=verify,
                        config=Config(signature_version=options.pop("signature_version", "s3v4"), **options))


def trust(url):
    """How a certificate is checked; none names hosts below "localhost"."""
    context = ssl.create_default_context(cafile=CA) if url.startswith("https") else None
    if context and ".localhost" in url:
        context.check_hostname = False
    return context


def web(method, url, body=None, headers=None):
    """A request without any signing; answers status, headers and body."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    context = trust(url)
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Case(unittest.TestCase):
    def setUp(self):
        self.s3 = client()
        self.made = []

    def tearDown(self):
        for bucket in self.made:
            self.empty(bucket)
            self.s3.delete_bucket(Bucket=bucket)

    def empty(self, bucket):
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for item in page.get("Versions", []) + page.get("DeleteMarkers", []):
                self.s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"], BypassGovernanceRetention=True)

    def bucket(self, **options):
        name = "test-" + uuid.uuid4().hex[:20]
        self.s3.create_bucket(Bucket=name, **options)
        self.made.append(name)
        return name

    def put(self, bucket, *keys, body=b"x"):
        for key in keys:
            self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def put_if(self, header, value, **options):
        """A conditional write; older clients have no option for it."""
        def add(request, **_):
            request.headers[header] = value
        self.s3.meta.events.register_last("before-sign.s3.PutObject", add)
        try:
            return self.s3.put_object(**options)
        finally:
            self.s3.meta.events.unregister("before-sign.s3.PutObject", add)

    def refused(self, status, code, call, *args, **options):
        with self.assertRaises(ClientError) as caught:
            call(*args, **options)
        answer = caught.exception.response
        self.assertEqual((answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]), (status, code))
        return answer


class Buckets(Case):
    def test_a_bucket_is_made_listed_found_and_deleted(self):
        name = self.bucket()
        self.assertIn(name, [b["Name"] for b in self.s3.list_buckets()["Buckets"]])
        self.assertEqual(self.s3.head_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"], 200)
        self.assertEqual(self.s3.get_bucket_location(Bucket=name)["LocationConstraint"], "RegionOne")
        self.s3.delete_bucket(Bucket=name)
        self.made.remove(name)
        self.refused(404, "404", self.s3.head_bucket, Bucket=name)

    def test_a_name_that_another_project_has_is_taken_and_ones_own_is_owned(self):
        name = self.bucket()
        self.refused(409, "BucketAlreadyOwnedByYou", self.s3.create_bucket, Bucket=name)
        self.refused(409, "BucketAlreadyExists", client("b").create_bucket, Bucket=name)

    def test_names_against_the_rules_are_refused(self):
        for name in ("ab", "a" * 64, "Upper", "under_score", "-dash", "dash-", "two..dots", "192.168.5.4"):
            status, _, body = web("PUT", self.s3.generate_presigned_url("create_bucket", Params={"Bucket": "placeholder"}).replace("placeholder", name))
            self.assertIn(status, (400, 403), (name, body))
        self.refused(400, "InvalidBucketName", self.s3.create_bucket, Bucket="Upper-Case-Name")

    def test_a_bucket_with_objects_is_not_deleted(self):
        name = self.bucket()
        self.put(name, "k")
        self.refused(409, "BucketNotEmpty", self.s3.delete_bucket, Bucket=name)

    def test_another_region_is_refused(self):
        self.refused(400, "InvalidLocationConstraint", self.s3.create_bucket, Bucket="test-elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


class Objects(Case):
    def test_an_object_is_written_read_and_deleted(self):
        name = self.bucket()
        body = os.urandom(300_000)
        put = self.s3.put_object(Bucket=name, Key="a/b c+ä&%.txt", Body=body, ContentType="text/plain", Metadata={"colour": "blue"}, CacheControl="no-cache")
        self.assertEqual(put["ETag"], '"%s"' % hashlib.md5(body).hexdigest())
        got = self.s3.get_object(Bucket=name, Key="a/b c+ä&%.txt")
        self.assertEqual(got["Body"].read(), body)
        self.assertEqual((got["ContentType"], got["Metadata"], got["CacheControl"], got["ContentLength"]), ("text/plain", {"colour": "blue"}, "no-cache", 300_000))
        self.s3.delete_object(Bucket=name, Key="a/b c+ä&%.txt")
        self.refused(404, "NoSuchKey", self.s3.get_object, Bucket=name, Key="a/b c+ä&%.txt")
        self.assertEqual(self.s3.delete_object(Bucket=name, Key="never was")["ResponseMetadata"]["HTTPStatusCode"], 204)

    def test_odd_keys_are_kept_as_they_are(self):
        name = self.bucket()
        keys = ["a/../b", "./x", "a//b", "//lead", "end/", "tab\tkey", "per%20cent", "plus+key", "uml\u00e4ut", "\U0001F600", "a" * 1024, "q?x=y", "semi;colon", "q'uote\""]
        for key in keys:
            self.s3.put_object(Bucket=name, Key=key, Body=key.encode())
        listed = [o["Key"] for o in self.s3.list_objects_v2(Bucket=name)["Contents"]]
        self.assertEqual(listed, sorted(keys, key=lambda k: k.encode()))
        for key in keys:
            self.assertEqual(self.s3.get_object(Bucket=name, Key=key)["Body"].read(), key.encode())
        self.refused(400, "KeyTooLongError", self.s3.put_object, Bucket=name, Key="a" * 1025, Body=b"")

    def test_an_empty_object_is_an_object(self):
        name = self.bucket()
        self.s3.put_object(Bucket=name, Key="nothing", Body=b"")
        self.assertEqual(self.s3.get_object(Bucket=name, Key="nothing")["Body"].read(), b"")
        self.assertEqual(self.s3.head_object(Bucket=name, Key="nothing")["ContentLength"], 0)

    def test_ranges(self):
        name = self.bucket()
        body = os.urandom(100_000)
        self.s3.put_object(Bucket=name, Key="k", Body=body)
        for text, part in (("bytes=0-0", body[:1]), ("bytes=10-99", body[10:100]), ("bytes=99990-", body[99990:]), ("bytes=-7", body[-7:]), ("bytes=5-9999999", body[5:])):
            got = self.s3.get_object(Bucket=name, Key="k", Range=text)
            self.assertEqual((got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read()), (206, part), text)
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k", Range="bytes=10-99")["ContentRange"], "bytes 10-99/100000")
        self.refused(416, "InvalidRange", self.s3.get_object, Bucket=name, Key="k", Range="bytes=100000-")

    def test_conditional_reads(self):
        name = self.bucket()
        etag = self.s3.put_object(Bucket=name, Key="k", Body=b"1")["ETag"]
        modified = self.s3.head_object(Bucket=name, Key="k")["LastModified"]
        past, future = modified - datetime.timedelta(hours=1), modified + datetime.timedelta(seconds=5)
        self.s3.get_object(Bucket=name, Key="k", IfMatch=etag)
        self.refused(412, "PreconditionFailed", self.s3.get_object, Bucket=name, Key="k", IfMatch='"other"')
        self.refused(304, "304", self.s3.get_object, Bucket=name, Key="k", IfNoneMatch=etag)
        self.s3.get_object(Bucket=name, Key="k", IfNoneMatch='"other"')
        self.s3.get_object(Bucket=name, Key="k", IfModifiedSince=past)
        self.refused(304, "304", self.s3.get_object, Bucket=name, Key="k", IfModifiedSince=modified)
        self.refused(412, "PreconditionFailed", self.s3.get_object, Bucket=name, Key="k", IfUnmodifiedSince=past)
        self.s3.get_object(Bucket=name, Key="k", IfUnmodifiedSince=future)

    def test_conditional_writes(self):
        name = self.bucket()
        k = {"Bucket": name, "Key": "k"}
        etag = self.put_if("If-None-Match", "*", Body=b"1", **k)["ETag"]
        self.refused(412, "PreconditionFailed", self.put_if, "If-None-Match", "*", Body=b"2", **k)
        self.refused(412, "PreconditionFailed", self.put_if, "If-Match", '"other"', Body=b"2", **k)
        self.put_if("If-Match", etag, Body=b"3", **k)
        self.refused(404, "NoSuchKey", self.put_if, "If-Match", etag, Bucket=name, Key="absent", Body=b"3")
        self.assertEqual(self.s3.get_object(**k)["Body"].read(), b"3")

    def test_many_are_deleted_at_once(self):
        name = self.bucket()
        keys = ["k%d" % i for i in range(20)]
        self.put(name, *keys)
        answer = self.s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": k} for k in keys + ["absent"]]})
        self.assertEqual(sorted(d["Key"] for d in answer["Deleted"]), sorted(keys + ["absent"]))
        self.assertEqual(self.s3.list_objects_v2(Bucket=name)["KeyCount"], 0)
        self.put(name, "one")
        self.assertNotIn("Deleted", self.s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "one"}], "Quiet": True}))

    def test_headers_of_an_answer_can_be_asked_for(self):
        name = self.bucket()
        self.put(name, "k")
        got = self.s3.get_object(Bucket=name, Key="k", ResponseContentType="text/x", ResponseContentDisposition="attachment; filename=f", ResponseCacheControl="no-store")
        self.assertEqual((got["ContentType"], got["ContentDisposition"], got["CacheControl"]), ("text/x", "attachment; filename=f", "no-store"))

    def test_metadata_beyond_its_limit_is_refused(self):
        name = self.bucket()
        self.refused(400, "MetadataTooLarge", self.s3.put_object, Bucket=name, Key="k", Body=b"", Metadata={"m": "x" * 2048})

    def test_a_wrong_md5_stores_nothing(self):
        name = self.bucket()
        self.refused(400, "BadDigest", self.s3.put_object, Bucket=name, Key="k", Body=b"abc", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
        self.refused(400, "InvalidDigest", self.s3.put_object, Bucket=name, Key="k", Body=b"abc", ContentMD5="short")
        self.assertEqual(self.s3.list_objects_v2(Bucket=name)["KeyCount"], 0)


class Copies(Case):
    def test_an_object_is_copied_with_and_without_its_metadata(self):
        name, other = self.bucket(), self.bucket()
        self.s3.put_object(Bucket=name, Key="k ä", Body=b"body", Metadata={"m": "1"}, ContentType="text/a")
        self.s3.copy_object(Bucket=other, Key="c", CopySource={"Bucket": name, "Key": "k ä"})
        got = self.s3.get_object(Bucket=other, Key="c")
        self.assertEqual((got["Body"].read(), got["Metadata"], got["ContentType"]), (b"body", {"m": "1"}, "text/a"))
        self.s3.copy_object(Bucket=other, Key="c", CopySource={"Bucket": name, "Key": "k ä"}, MetadataDirective="REPLACE", Metadata={"n": "2"})
        self.assertEqual(self.s3.head_object(Bucket=other, Key="c")["Metadata"], {"n": "2"})
        self.s3.delete_object(Bucket=name, Key="k ä")
        self.assertEqual(self.s3.get_object(Bucket=other, Key="c")["Body"].read(), b"body")

    def test_a_copy_onto_itself_must_change_something(self):
        name = self.bucket()
        self.put(name, "k")
        self.refused(400, "InvalidRequest", self.s3.copy_object, Bucket=name, Key="k", CopySource={"Bucket": name, "Key": "k"})
        self.s3.copy_object(Bucket=name, Key="k", CopySource={"Bucket": name, "Key": "k"}, MetadataDirective="REPLACE", Metadata={"new": "1"})
        self.assertEqual(self.s3.head_object(Bucket=name, Key="k")["Metadata"], {"new": "1"})

    def test_conditions_of_the_source(self):
        name = self.bucket()
        etag = self.s3.put_object(Bucket=name, Key="k", Body=b"1")["ETag"]
        source = {"Bucket": name, "Key": "k"}
        self.s3.copy_object(Bucket=name, Key="c", CopySource=source, CopySourceIfMatch=etag)
        self.refused(412, "PreconditionFailed", self.s3.copy_object, Bucket=name, Key="c", CopySource=source, CopySourceIfMatch='"x"')
        self.refused(412, "PreconditionFailed", self.s3.copy_object, Bucket=name, Key="c", CopySource=source, CopySourceIfNoneMatch=etag)

    def test_a_source_of_another_project_is_refused(self):
        name = self.bucket()
        self.put(name, "k")
        theirs = client("b")
        other = "test-" + uuid.uuid4().hex[:20]
        theirs.create_bucket(Bucket=other)
        try:
            self.refused(403, "AccessDenied", theirs.copy_object, Bucket=other, Key="c", CopySource={"Bucket": name, "Key": "k"})
        finally:
            theirs.delete_bucket(Bucket=other)


class Lists(Case):
    def test_pages_of_the_second_form(self):
        name = self.bucket()
        keys = ["k%02d" % i for i in range(25)]
        self.put(name, *keys)
        seen, token = [], None
        while True:
            page = self.s3.list_objects_v2(Bucket=name, MaxKeys=10, **({"ContinuationToken": token} if token else {}))
            seen += [o["Key"] for o in page["Contents"]]
            if not page["IsTruncated"]:
                break
            token = page["NextContinuationToken"]
        self.assertEqual(seen, keys)
        self.assertEqual([o["Key"] for o in self.s3.list_objects_v2(Bucket=name, StartAfter="k22")["Contents"]], ["k23", "k24"])
        self.assertEqual(self.s3.list_objects_v2(Bucket=name, MaxKeys=0)["KeyCount"], 0)

    def test_pages_of_the_first_form(self):
        name = self.bucket()
        self.put(name, "a", "b", "c")
        page = self.s3.list_objects(Bucket=name, MaxKeys=2)
        self.assertTrue(page["IsTruncated"])
        self.assertEqual([o["Key"] for o in page["Contents"]], ["a", "b"])
        self.assertEqual([o["Key"] for o in self.s3.list_objects(Bucket=name, Marker="b")["Contents"]], ["c"])

    def test_prefixes_and_delimiters(self):
        name = self.bucket()
        self.put(name, "asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla", "zz")
        page = self.s3.list_objects_v2(Bucket=name, Delimiter="/")
        self.assertEqual(([o["Key"] for o in page["Contents"]], [p["Prefix"] for p in page["CommonPrefixes"]]), (["asdf", "zz"], ["boo/", "cquux/"]))
        page = self.s3.list_objects_v2(Bucket=name, Delimiter="/", Prefix="boo/")
        self.assertEqual(([o["Key"] for o in page["Contents"]], [p["Prefix"] for p in page["CommonPrefixes"]]), (["boo/bar"], ["boo/baz/"]))
        first = self.s3.list_objects_v2(Bucket=name, Delimiter="/", MaxKeys=2)
        self.assertEqual(([o["Key"] for o in first["Contents"]], [p["Prefix"] for p in first["CommonPrefixes"]]), (["asdf"], ["boo/"]))
        second = self.s3.list_objects_v2(Bucket=name, Delimiter="/", MaxKeys=2, ContinuationToken=first["NextContinuationToken"])
        self.assertEqual(([o["Key"] for o in second["Contents"]], [p["Prefix"] for p in second["CommonPrefixes"]]), (["zz"], ["cquux/"]))
        old = self.s3.list_objects(Bucket=name, Delimiter="/", MaxKeys=2)
        self.assertEqual(old["NextMarker"], "boo/")
        self.assertEqual([p["Prefix"] for p in self.s3.list_objects(Bucket=name, Delimiter="/", Marker="boo/")["CommonPrefixes"]], ["cquux/"])

    def test_many_common_prefixes_are_paged_without_loss(self):
        name = self.bucket()
        self.put(name, *["d%02d/f%d" % (i, j) for i in range(30) for j in range(3)])
        seen = []
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=name, Delimiter="/", PaginationConfig={"PageSize": 7}):
            seen += [p["Prefix"] for p in page["CommonPrefixes"]]
        self.assertEqual(seen, ["d%02d/" % i for i in range(30)])


class Versions(Case):
    def versioned(self):
        name = self.bucket()
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def test_versions_are_kept_listed_read_and_deleted(self):
        name = self.versioned()
        self.assertEqual(self.s3.get_bucket_versioning(Bucket=name)["Status"], "Enabled")
        one = self.s3.put_object(Bucket=name, Key="k", Body=b"1")["VersionId"]
        two = self.s3.put_object(Bucket=name, Key="k", Body=b"2")["VersionId"]
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k")["Body"].read(), b"2")
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k", VersionId=one)["Body"].read(), b"1")
        listed = self.s3.list_object_versions(Bucket=name)["Versions"]
        self.assertEqual([(v["VersionId"], v["IsLatest"]) for v in listed], [(two, True), (one, False)])
        self.s3.delete_object(Bucket=name, Key="k", VersionId=two)
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k")["Body"].read(), b"1")
        self.refused(404, "NoSuchVersion", self.s3.get_object, Bucket=name, Key="k", VersionId=two)

    def test_a_marker_hides_an_object_until_it_is_deleted(self):
        name = self.versioned()
        self.put(name, "k")
        gone = self.s3.delete_object(Bucket=name, Key="k")
        self.assertTrue(gone["DeleteMarker"])
        answer = self.refused(404, "NoSuchKey", self.s3.get_object, Bucket=name, Key="k")
        self.assertEqual(answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"], "true")
        self.assertEqual(self.s3.list_objects_v2(Bucket=name)["KeyCount"], 0)
        self.assertEqual(len(self.s3.list_object_versions(Bucket=name)["DeleteMarkers"]), 1)
        self.refused(405, "MethodNotAllowed", self.s3.get_object, Bucket=name, Key="k", VersionId=gone["VersionId"])
        self.s3.delete_object(Bucket=name, Key="k", VersionId=gone["VersionId"])
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k")["Body"].read(), b"x")

    def test_what_was_there_before_is_the_version_null(self):
        name = self.bucket()
        self.put(name, "k", body=b"old")
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self.put(name, "k", body=b"new")
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k", VersionId="null")["Body"].read(), b"old")
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        self.put(name, "k", body=b"newest")
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k", VersionId="null")["Body"].read(), b"newest")
        self.assertEqual(len(self.s3.list_object_versions(Bucket=name)["Versions"]), 2)
        self.s3.delete_object(Bucket=name, Key="k")
        self.assertEqual((len(self.s3.list_object_versions(Bucket=name)["Versions"]), len(self.s3.list_object_versions(Bucket=name)["DeleteMarkers"])), (1, 1))

    def test_versions_are_paged(self):
        name = self.versioned()
        for i in range(4):
            self.put(name, "a", "b", body=b"%d" % i)
        seen, more = [], {}
        while True:
            page = self.s3.list_object_versions(Bucket=name, MaxKeys=3, **more)
            seen += [(v["Key"], v["VersionId"]) for v in page["Versions"]]
            if not page["IsTruncated"]:
                break
            more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
        self.assertEqual([k for k, _ in seen], ["a"] * 4 + ["b"] * 4)
        self.assertEqual(len(set(seen)), 8)


class Uploads(Case):
    def parts(self, bucket, key, bodies, **options):
        upload = self.s3.create_multipart_upload(Bucket=bucket, Key=key, **options)["UploadId"]
        parts = []
        for number, body in enumerate(bodies, 1):
            answer = self.s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        return upload, parts

    def test_parts_become_one_object(self):
        name = self.bucket()
        bodies = [os.urandom(5 * MIB), os.urandom(6 * MIB), os.urandom(100)]
        upload, parts = self.parts(name, "big", bodies, ContentType="text/big", Metadata={"m": "1"})
        self.assertEqual([u["UploadId"] for u in self.s3.list_multipart_uploads(Bucket=name)["Uploads"]], [upload])
        self.assertEqual([(p["PartNumber"], p["Size"]) for p in self.s3.list_parts(Bucket=name, Key="big", UploadId=upload)["Parts"]], [(1, 5 * MIB), (2, 6 * MIB), (3, 100)])
        done = self.s3.complete_multipart_upload(Bucket=name, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
        md5 = hashlib.md5(b"".join(hashlib.md5(b).digest() for b in bodies)).hexdigest()
        self.assertEqual(done["ETag"], '"%s-3"' % md5)
        got = self.s3.get_object(Bucket=name, Key="big")
        self.assertEqual((got["Body"].read(), got["ContentType"], got["Metadata"]), (b"".join(bodies), "text/big", {"m": "1"}))
        cut = self.s3.get_object(Bucket=name, Key="big", Range="bytes=%d-%d" % (5 * MIB - 10, 11 * MIB + 9))["Body"].read()
        self.assertEqual(cut, b"".join(bodies)[5 * MIB - 10:11 * MIB + 10])
        second = self.s3.get_object(Bucket=name, Key="big", PartNumber=2)
        self.assertEqual((second["Body"].read(), second["PartsCount"]), (bodies[1], 3))
        self.refused(404, "NoSuchUpload", self.s3.list_parts, Bucket=name, Key="big", UploadId=upload)

    def test_only_the_named_parts_count_and_the_last_write_of_each(self):
        name = self.bucket()
        upload, parts = self.parts(name, "k", [b"a" * (5 * MIB), b"b" * 10, b"c" * 10])
        parts[1]["ETag"] = self.s3.upload_part(Bucket=name, Key="k", UploadId=upload, PartNumber=2, Body=b"B" * 20)["ETag"]
        self.s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": parts[:2]})
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k")["Body"].read(), b"a" * (5 * MIB) + b"B" * 20)

    def test_wrong_completions_are_refused_and_change_nothing(self):
        name = self.bucket()
        upload, parts = self.parts(name, "k", [b"a" * 100, b"b" * 100])
        complete = lambda p: self.s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": p})
        self.refused(400, "EntityTooSmall", complete, parts)
        self.refused(400, "InvalidPartOrder", complete, parts[::-1])
        self.refused(400, "InvalidPart", complete, [{"PartNumber": 1, "ETag": '"wrong"'}])
        self.refused(400, "InvalidPart", complete, [{"PartNumber": 7, "ETag": parts[0]["ETag"]}])
        self.assertEqual(len(self.s3.list_parts(Bucket=name, Key="k", UploadId=upload)["Parts"]), 2)
        self.s3.abort_multipart_upload(Bucket=name, Key="k", UploadId=upload)
        self.refused(404, "NoSuchUpload", self.s3.upload_part, Bucket=name, Key="k", UploadId=upload, PartNumber=1, Body=b"")

    def test_a_part_is_copied_from_an_object(self):
        name = self.bucket()
        body = os.urandom(6 * MIB)
        self.put(name, "source", body=body)
        upload = self.s3.create_multipart_upload(Bucket=name, Key="k")["UploadId"]
        source = {"Bucket": name, "Key": "source"}
        one = self.s3.upload_part_copy(Bucket=name, Key="k", UploadId=upload, PartNumber=1, CopySource=source, CopySourceRange="bytes=0-%d" % (5 * MIB - 1))
        two = self.s3.upload_part_copy(Bucket=name, Key="k", UploadId=upload, PartNumber=2, CopySource=source)
        self.s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": [
            {"PartNumber": 1, "ETag": one["CopyPartResult"]["ETag"]}, {"PartNumber": 2, "ETag": two["CopyPartResult"]["ETag"]}]})
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k")["Body"].read(), body[:5 * MIB] + body)
        self.refused(400, "InvalidArgument", self.s3.upload_part_copy, Bucket=name, Key="k", UploadId=upload, PartNumber=0, CopySource=source)

    def test_the_transfer_manager_of_the_client_goes_up_and_down(self):
        import io
        name = self.bucket()
        body = os.urandom(20 * MIB)
        self.s3.upload_fileobj(io.BytesIO(body), name, "k")
        kept = io.BytesIO()
        self.s3.download_fileobj(name, "k", kept)
        self.assertEqual(kept.getvalue(), body)
        self.s3.copy({"Bucket": name, "Key": "k"}, name, "copy")
        self.assertEqual(self.s3.head_object(Bucket=name, Key="copy")["ContentLength"], len(body))


class Checksums(Case):
    def test_each_algorithm_is_computed_kept_and_shown(self):
        name = self.bucket()
        for algorithm in ("CRC32", "CRC32C", "SHA1", "SHA256"):
            try:
                put = self.s3.put_object(Bucket=name, Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)
            except Exception as error:  # the client needs a library of its own for CRC32C
                if "crt" in str(error).lower():
                    sums = {"CRC32C": "mnG7TA=="}
                    put = self.s3.put_object(Bucket=name, Key="k", Body=b"hello", ChecksumCRC32C=sums[algorithm])
                else:
                    raise
            head = self.s3.head_object(Bucket=name, Key="k", ChecksumMode="ENABLED")
            self.assertEqual(head["Checksum" + algorithm], put["Checksum" + algorithm])
        expected = {"CRC32": "NhCmhg==", "CRC32C": "mnG7TA==", "SHA1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=", "SHA256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}
        for algorithm, value in expected.items():
            self.s3.put_object(Bucket=name, Key="k", Body=b"hello", **{"Checksum" + algorithm: value})
            self.refused(400, "BadDigest", self.s3.put_object, Bucket=name, Key="wrong", Body=b"hullo", **{"Checksum" + algorithm: value})
        self.assertEqual(self.s3.list_objects_v2(Bucket=name)["KeyCount"], 1)

    def test_parts_have_sums_and_the_object_the_sum_of_them(self):
        name = self.bucket()
        upload = self.s3.create_multipart_upload(Bucket=name, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
        parts = []
        for number, body in enumerate((b"a" * (5 * MIB), b"b"), 1):
            answer = self.s3.upload_part(Bucket=name, Key="k", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
            parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": answer["ChecksumSHA256"]})
        wrong = [dict(parts[0], ChecksumSHA256=parts[1]["ChecksumSHA256"]), parts[1]]
        self.refused(400, "InvalidPart", self.s3.complete_multipart_upload, Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": wrong})
        done = self.s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
        self.assertTrue(done["ChecksumSHA256"].endswith("-2"))


class Signing(Case):
    def test_an_unknown_key_and_a_wrong_secret_are_refused(self):
        stranger = boto3.client("s3", endpoint_url=URL, aws_access_key_id="nobody", aws_secret_access_key="x", region_name="RegionOne", verify=CA or True)
        self.refused(403, "InvalidAccessKeyId", stranger.list_buckets)
        liar = boto3.client("s3", endpoint_url=URL, aws_access_key_id=KEYS["a"][0], aws_secret_access_key="wrong", region_name="RegionOne", verify=CA or True)
        self.refused(403, "SignatureDoesNotMatch", liar.list_buckets)

    def test_signed_urls_work_until_they_expire_or_are_changed(self):
        name = self.bucket()
        self.put(name, "k y", body=b"signed")
        url = self.s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k y"}, ExpiresIn=60)
        self.assertEqual(web("GET", url)[::2], (200, b"signed"))
        self.assertEqual(web("GET", url.replace("k%20y", "other"))[0], 403)
        self.assertEqual(web("PUT", url, b"x")[0], 403)
        put = self.s3.generate_presigned_url("put_object", Params={"Bucket": name, "Key": "new"}, ExpiresIn=60)
        self.assertEqual(web("PUT", put, b"by url", {"Content-Type": ""})[0], 200)
        self.assertEqual(self.s3.get_object(Bucket=name, Key="new")["Body"].read(), b"by url")
        past = url.replace("X-Amz-Expires=60", "X-Amz-Expires=0")
        self.assertEqual(web("GET", past)[0], 403)
        self.assertEqual(web("GET", url.replace("X-Amz-Expires=60", "X-Amz-Expires=1000000"))[0], 400)

    def test_the_older_signature_works_too(self):
        old = client(signature_version="s3")
        name = self.bucket()
        old.put_object(Bucket=name, Key="k?x", Body=b"two")
        self.assertEqual(old.get_object(Bucket=name, Key="k?x")["Body"].read(), b"two")
        url = old.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k?x"}, ExpiresIn=60)
        self.assertEqual(web("GET", url)[::2], (200, b"two"))
        self.assertEqual(web("GET", url[:-1] + ("A" if url[-1] != "A" else "B"))[0], 403)

    def test_a_body_that_is_not_the_signed_one_is_not_stored(self):
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        name = self.bucket()
        url = "%s/%s/k" % (URL, name)
        request = AWSRequest("PUT", url, data=b"honest")
        request.headers["x-amz-content-sha256"] = hashlib.sha256(b"honest").hexdigest()
        SigV4Auth(Credentials(*KEYS["a"]), "s3", "RegionOne").add_auth(request)
        headers = dict(request.headers.items())
        self.assertEqual(web("PUT", url, b"forged", headers)[0], 400)
        self.assertEqual(self.s3.list_objects_v2(Bucket=name)["KeyCount"], 0)

    def test_a_clock_that_is_far_off_is_refused(self):
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        import botocore.auth
        request = AWSRequest("GET", URL + "/")
        request.headers["x-amz-content-sha256"] = hashlib.sha256(b"").hexdigest()
        signer = SigV4Auth(Credentials(*KEYS["a"]), "s3", "RegionOne")
        later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=20)
        request.context["timestamp"] = later.strftime("%Y%m%dT%H%M%SZ")
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        request.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=%s" % (
            signer.scope(request), signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))
        status, _, body = web("GET", URL + "/", headers=dict(request.headers.items()))
        self.assertEqual((status, b"RequestTimeTooSkewed" in body), (403, True))

    def test_buckets_are_hosts(self):
        hosted = client(s3={"addressing_style": "virtual"})
        name = self.bucket()
        hosted.put_object(Bucket=name, Key="a/b", Body=b"hosted")
        self.assertEqual(self.s3.get_object(Bucket=name, Key="a/b")["Body"].read(), b"hosted")


class Tenants(Case):
    def test_another_project_sees_and_does_nothing(self):
        name = self.bucket()
        self.put(name, "k")
        theirs = client("b")
        self.assertNotIn(name, [b["Name"] for b in theirs.list_buckets()["Buckets"]])
        self.refused(403, "403", theirs.head_bucket, Bucket=name)
        self.refused(403, "AccessDenied", theirs.list_objects_v2, Bucket=name)
        self.refused(403, "AccessDenied", theirs.get_object, Bucket=name, Key="k")
        self.refused(403, "AccessDenied", theirs.put_object, Bucket=name, Key="k", Body=b"")
        self.refused(403, "AccessDenied", theirs.delete_object, Bucket=name, Key="k")
        self.refused(403, "AccessDenied", theirs.delete_bucket, Bucket=name)
        self.refused(403, "AccessDenied", theirs.put_bucket_versioning, Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def test_nobody_sees_and_does_nothing(self):
        name = self.bucket()
        self.put(name, "k")
        for method, path in (("GET", name), ("GET", name + "/k"), ("PUT", name + "/k"), ("DELETE", name + "/k"), ("DELETE", name), ("PUT", "test-anonymous")):
            status, _, body = web(method, "%s/%s" % (URL, path), b"" if method == "PUT" else None)
            self.assertEqual((status, b"AccessDenied" in body), (403, True), (method, path, body))

    def test_a_reader_reads_and_changes_nothing(self):
        name = self.bucket()
        self.put(name, "k")
        reader = client("reader")
        self.assertEqual(reader.get_object(Bucket=name, Key="k")["Body"].read(), b"x")
        self.assertEqual(reader.list_objects_v2(Bucket=name)["KeyCount"], 1)
        self.refused(403, "AccessDenied", reader.put_object, Bucket=name, Key="k", Body=b"")
        self.refused(403, "AccessDenied", reader.delete_object, Bucket=name, Key="k")
        self.refused(403, "AccessDenied", reader.create_bucket, Bucket="test-by-reader")


class Tags(Case):
    def test_tags_of_a_bucket(self):
        name = self.bucket()
        self.refused(404, "NoSuchTagSet", self.s3.get_bucket_tagging, Bucket=name)
        self.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "ü &"}]})
        self.assertEqual(self.s3.get_bucket_tagging(Bucket=name)["TagSet"], [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "ü &"}])
        self.s3.delete_bucket_tagging(Bucket=name)
        self.refused(404, "NoSuchTagSet", self.s3.get_bucket_tagging, Bucket=name)

    def test_tags_of_an_object(self):
        name = self.bucket()
        self.s3.put_object(Bucket=name, Key="k", Body=b"", Tagging="a=1&b=x%20y")
        self.assertEqual(self.s3.get_object_tagging(Bucket=name, Key="k")["TagSet"], [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}])
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k")["TagCount"], 2)
        self.s3.copy_object(Bucket=name, Key="c", CopySource={"Bucket": name, "Key": "k"})
        self.assertEqual(len(self.s3.get_object_tagging(Bucket=name, Key="c")["TagSet"]), 2)
        self.s3.put_object_tagging(Bucket=name, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
        self.assertEqual(self.s3.get_object_tagging(Bucket=name, Key="k")["TagSet"], [{"Key": "c", "Value": ""}])
        self.s3.delete_object_tagging(Bucket=name, Key="k")
        self.assertEqual(self.s3.get_object_tagging(Bucket=name, Key="k")["TagSet"], [])
        many = {"TagSet": [{"Key": "k%d" % i, "Value": "v"} for i in range(11)]}
        self.refused(400, "BadRequest", self.s3.put_object_tagging, Bucket=name, Key="k", Tagging=many)
        twice = {"TagSet": [{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}]}
        self.refused(400, "InvalidTag", self.s3.put_object_tagging, Bucket=name, Key="k", Tagging=twice)


class Access(Case):
    def policy(self, name, *statements):
        self.s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))

    def arn(self, name, keys="/*"):
        return "arn:aws:s3:::" + name + keys

    def test_a_policy_opens_a_bucket_to_everybody(self):
        name = self.bucket()
        self.put(name, "k", body=b"public")
        self.refused(404, "NoSuchBucketPolicy", self.s3.get_bucket_policy, Bucket=name)
        self.policy(name, {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": self.arn(name)})
        self.assertEqual(web("GET", "%s/%s/k" % (URL, name))[::2], (200, b"public"))
        self.assertEqual(web("GET", "%s/%s" % (URL, name))[0], 403)
        self.assertEqual(web("PUT", "%s/%s/k" % (URL, name), b"x")[0], 403)
        self.assertTrue(self.s3.get_bucket_policy_status(Bucket=name)["PolicyStatus"]["IsPublic"])
        self.assertEqual(client("b").get_object(Bucket=name, Key="k")["Body"].read(), b"public")
        self.s3.delete_bucket_policy(Bucket=name)
        self.assertEqual(web("GET", "%s/%s/k" % (URL, name))[0], 403)

    def test_a_denial_counts_more_than_what_allows(self):
        name = self.bucket()
        self.put(name, "secret/k", "open/k")
        self.policy(name, {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": [self.arn(name), self.arn(name, "")]},
                    {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": self.arn(name, "/secret/*")})
        self.assertEqual(web("GET", "%s/%s/open/k" % (URL, name))[0], 200)
        self.assertEqual(web("GET", "%s/%s/secret/k" % (URL, name))[0], 403)
        self.refused(403, "AccessDenied", self.s3.get_object, Bucket=name, Key="secret/k")
        self.policy(name, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [self.arn(name), self.arn(name, "")]})
        self.refused(403, "AccessDenied", self.s3.list_objects_v2, Bucket=name)
        self.s3.delete_bucket_policy(Bucket=name)
        self.assertEqual(self.s3.list_objects_v2(Bucket=name)["KeyCount"], 2)

    def test_conditions_decide(self):
        name = self.bucket()
        self.put(name, "a/k", "b/k")
        everything = [self.arn(name), self.arn(name, "")]
        self.policy(name, {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": everything, "Condition": {"StringLike": {"s3:prefix": "a/*"}}},
                    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": everything, "Condition": {"IpAddress": {"aws:SourceIp": ["127.0.0.0/8", "::1"]}}})
        self.assertEqual(web("GET", "%s/%s?prefix=a/" % (URL, name))[0], 200)
        self.assertEqual(web("GET", "%s/%s?prefix=b/" % (URL, name))[0], 403)
        self.assertEqual(web("GET", "%s/%s" % (URL, name))[0], 403)
        self.policy(name, {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": everything, "Condition": {"NotIpAddress": {"aws:SourceIp": ["127.0.0.0/8", "::1"]}}})
        self.assertEqual(web("GET", "%s/%s/a/k" % (URL, name))[0], 403)

    def test_malformed_policies_are_refused(self):
        name = self.bucket()
        good = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": self.arn(name)}
        for text in ("no json", "{}", json.dumps({"Version": "1999-01-01", "Statement": [good]}), json.dumps({"Statement": []}),
                     *[json.dumps({"Version": "2012-10-17", "Statement": [dict(good, **change)]}) for change in (
                         {"Effect": "Maybe"}, {"Principal": {"Unknown": "x"}}, {"Resource": self.arn("another-bucket")}, {"Condition": {"StringMagic": {"s3:prefix": "x"}}})]):
            self.refused(400, "MalformedPolicy", self.s3.put_bucket_policy, Bucket=name, Policy=text)

    def test_access_lists(self):
        name = self.bucket(ACL="public-read")
        self.put(name, "closed")
        self.s3.put_object(Bucket=name, Key="open", Body=b"o", ACL="public-read")
        self.assertEqual(web("GET", "%s/%s" % (URL, name))[0], 200)
        self.assertEqual(web("GET", "%s/%s/open" % (URL, name))[::2], (200, b"o"))
        self.assertEqual(web("GET", "%s/%s/closed" % (URL, name))[0], 403)
        self.s3.put_object_acl(Bucket=name, Key="closed", ACL="authenticated-read")
        self.assertEqual(web("GET", "%s/%s/closed" % (URL, name))[0], 403)
        self.assertEqual(client("b").get_object(Bucket=name, Key="closed")["Body"].read(), b"x")
        grants = self.s3.get_object_acl(Bucket=name, Key="open")["Grants"]
        self.assertIn(("Group", "READ"), [(g["Grantee"]["Type"], g["Permission"]) for g in grants])
        owner = self.s3.get_bucket_acl(Bucket=name)["Owner"]["ID"]
        self.s3.put_bucket_acl(Bucket=name, AccessControlPolicy={"Owner": {"ID": owner}, "Grants": [
            {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "WRITE"}]})
        self.assertEqual(web("PUT", "%s/%s/anonymous" % (URL, name), b"a")[0], 200)
        self.assertEqual(web("GET", "%s/%s" % (URL, name))[0], 403)
        self.s3.put_bucket_acl(Bucket=name, ACL="private")
        self.assertEqual(web("PUT", "%s/%s/anonymous" % (URL, name), b"a")[0], 403)

    def test_public_access_can_be_blocked(self):
        name = self.bucket()
        self.s3.put_object(Bucket=name, Key="k", Body=b"", ACL="public-read")
        block = dict(BlockPublicAcls=True, IgnorePublicAcls=True, BlockPublicPolicy=True, RestrictPublicBuckets=True)
        self.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
        self.assertEqual(self.s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"], block)
        self.assertEqual(web("GET", "%s/%s/k" % (URL, name))[0], 403)
        self.refused(403, "AccessDenied", self.s3.put_bucket_acl, Bucket=name, ACL="public-read")
        self.refused(403, "AccessDenied", self.s3.put_object, Bucket=name, Key="other", Body=b"", ACL="public-read")
        public = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": self.arn(name)}]})
        self.refused(403, "AccessDenied", self.s3.put_bucket_policy, Bucket=name, Policy=public)
        self.s3.delete_public_access_block(Bucket=name)
        self.assertEqual(web("GET", "%s/%s/k" % (URL, name))[0], 200)


    def test_deleting_many_asks_for_each_of_them(self):
        name = self.bucket()
        self.put(name, "tmp/a", "keep/b")
        theirs = client("b")
        self.policy(name, {"Effect": "Allow", "Principal": "*", "Action": "s3:DeleteObject", "Resource": self.arn(name, "/tmp/*")})
        answer = theirs.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "tmp/a"}, {"Key": "keep/b"}]})
        self.assertEqual(([d["Key"] for d in answer["Deleted"]], [(e["Key"], e["Code"]) for e in answer["Errors"]]), (["tmp/a"], [("keep/b", "AccessDenied")]))
        self.policy(name, {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": self.arn(name, "/keep/*")})
        self.assertEqual(self.s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "keep/b"}]})["Errors"][0]["Code"], "AccessDenied")
        self.assertEqual(self.s3.list_objects_v2(Bucket=name)["KeyCount"], 1)

    def test_governance_is_bypassed_only_by_who_may(self):
        name = self.bucket(ObjectLockEnabledForBucket=True)
        later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        version = self.s3.put_object(Bucket=name, Key="k", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later)["VersionId"]
        self.policy(name, {"Effect": "Allow", "Principal": "*", "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"], "Resource": self.arn(name)})
        theirs = client("b")
        self.refused(403, "AccessDenied", theirs.delete_object, Bucket=name, Key="k", VersionId=version, BypassGovernanceRetention=True)
        many = theirs.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "k", "VersionId": version}]}, BypassGovernanceRetention=True)
        self.assertEqual(many["Errors"][0]["Code"], "AccessDenied")

    def test_a_grantee_of_two_lines_is_no_grantee(self):
        name = self.bucket()
        owner = self.s3.get_bucket_acl(Bucket=name)["Owner"]["ID"]
        grants = [{"Grantee": {"Type": "CanonicalUser", "ID": "x\nall"}, "Permission": "READ"}]
        self.refused(400, "MalformedXML", self.s3.put_bucket_acl, Bucket=name, AccessControlPolicy={"Owner": {"ID": owner}, "Grants": grants})


class Pages(Case):
    def test_other_origins_are_let_in_as_the_rules_say(self):
        name = self.bucket()
        self.refused(404, "NoSuchCORSConfiguration", self.s3.get_bucket_cors, Bucket=name)
        rules = [{"AllowedOrigins": ["https://*.example.org"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["x-amz-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}]
        self.s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
        self.assertEqual(self.s3.get_bucket_cors(Bucket=name)["CORSRules"], rules)
        url = "%s/%s/k" % (URL, name)
        ask = lambda **headers: web("OPTIONS", url, headers={n.replace("_", "-"): v for n, v in headers.items()})
        status, headers, _ = ask(Origin="https://a.example.org", Access_Control_Request_Method="PUT", Access_Control_Request_Headers="x-amz-meta-a")
        self.assertEqual((status, headers["Access-Control-Allow-Origin"], headers["Access-Control-Max-Age"]), (200, "https://a.example.org", "60"))
        self.assertEqual(ask(Origin="https://evil.example.net", Access_Control_Request_Method="PUT")[0], 403)
        self.assertEqual(ask(Origin="https://a.example.org", Access_Control_Request_Method="DELETE")[0], 403)
        self.assertEqual(ask(Origin="https://a.example.org", Access_Control_Request_Method="PUT", Access_Control_Request_Headers="authorization")[0], 403)
        self.put(name, "k")
        signed = self.s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k"})
        self.assertEqual(web("GET", signed, headers={"Origin": "https://a.example.org"})[1]["Access-Control-Expose-Headers"], "ETag")
        self.assertIsNone(web("GET", signed, headers={"Origin": "https://evil.example.net"})[1]["Access-Control-Allow-Origin"])
        self.s3.delete_bucket_cors(Bucket=name)
        self.assertEqual(ask(Origin="https://a.example.org", Access_Control_Request_Method="PUT")[0], 403)

    def test_a_bucket_is_a_website(self):
        name = self.bucket()
        self.s3.put_bucket_website(Bucket=name, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}, "RoutingRules": [
            {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}}]})
        self.assertEqual(self.s3.get_bucket_website(Bucket=name)["IndexDocument"], {"Suffix": "index.html"})
        for key in ("index.html", "sub/index.html", "error.html"):
            self.s3.put_object(Bucket=name, Key=key, Body=key.encode(), ContentType="text/html", ACL="public-read")
        self.put(name, "private.html")
        scheme, host = URL.split("://")
        site = "%s://%s.website.%s" % (scheme, name, host)
        self.assertEqual(web("GET", site + "/")[::2], (200, b"index.html"))
        self.assertEqual(web("GET", site + "/sub/")[::2], (200, b"sub/index.html"))
        self.assertEqual(web("GET", site + "/absent")[::2], (403, b"error.html"))
        self.s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::" + name},
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::" + name + "/abs*"}]}))
        self.assertEqual(web("GET", site + "/absent")[::2], (404, b"error.html"))
        self.assertEqual(web("GET", site + "/private.html")[0], 403)
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=trust("https://x.localhost")))
        for path, status, target in (("/old/page", 301, site + "/new/page"), ("/sub", 302, "/sub/")):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                opener.open(site + path)
            self.assertEqual((caught.exception.code, caught.exception.headers["Location"]), (status, target))

    def form(self, name, fields, file=b"from a form", filename="f.txt"):
        boundary = uuid.uuid4().hex
        body = b"".join(b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary.encode(), k.encode(), v.encode()) for k, v in fields.items())
        body += b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: text/plain\r\n\r\n%s\r\n--%s--\r\n' % (
            boundary.encode(), filename.encode(), file, boundary.encode())
        return web("POST", "%s/%s" % (URL, name), body, {"Content-Type": "multipart/form-data; boundary=" + boundary})

    def test_a_form_uploads_what_its_policy_allows(self):
        name = self.bucket()
        post = self.s3.generate_presigned_post(name, "up/${filename}", Fields={"success_action_status": "201", "Content-Type": "text/x"}, Conditions=[
            {"success_action_status": "201"}, ["starts-with", "$Content-Type", "text/"], ["content-length-range", 1, 1000]], ExpiresIn=60)
        status, _, body = self.form(name, post["fields"])
        self.assertEqual((status, b"<Key>up/f.txt</Key>" in body), (201, True), body)
        got = self.s3.get_object(Bucket=name, Key="up/f.txt")
        self.assertEqual((got["Body"].read(), got["ContentType"]), (b"from a form", "text/x"))
        self.assertEqual(self.form(name, post["fields"], file=b"x" * 2000)[0], 400)
        self.assertEqual(self.form(name, post["fields"], file=b"")[0], 400)
        self.assertEqual(self.form(name, dict(post["fields"], key="elsewhere"))[0], 403)
        self.assertEqual(self.form(name, dict(post["fields"], **{"Content-Type": "image/x"}))[0], 403)
        self.assertEqual(self.form(name, dict(post["fields"], **{"x-amz-meta-extra": "1"}))[0], 403)
        self.assertEqual(self.form(name, dict(post["fields"], **{"x-amz-signature": "0" * 64}))[0], 403)
        self.assertEqual(self.form(name, {"key": "anonymous"})[0], 403)
        self.assertEqual(self.s3.list_objects_v2(Bucket=name)["KeyCount"], 1)
        old = self.s3.generate_presigned_post(name, "k", ExpiresIn=-60)
        self.assertEqual(self.form(name, old["fields"])[0], 403)


class Encryption(Case):
    def test_a_key_of_the_cloud(self):
        name = self.bucket()
        body = os.urandom(200_000)
        self.assertEqual(self.s3.put_object(Bucket=name, Key="k", Body=body, ServerSideEncryption="AES256")["ServerSideEncryption"], "AES256")
        got = self.s3.get_object(Bucket=name, Key="k")
        self.assertEqual((got["Body"].read(), got["ServerSideEncryption"], got["ETag"]), (body, "AES256", '"%s"' % hashlib.md5(body).hexdigest()))
        for first, last in ((0, 0), (65535, 65536), (100_000, 199_999), (65536, 131071)):
            self.assertEqual(self.s3.get_object(Bucket=name, Key="k", Range="bytes=%d-%d" % (first, last))["Body"].read(), body[first:last + 1])
        self.s3.copy_object(Bucket=name, Key="plain", CopySource={"Bucket": name, "Key": "k"})
        self.s3.copy_object(Bucket=name, Key="sealed", CopySource={"Bucket": name, "Key": "k"}, ServerSideEncryption="AES256")
        self.s3.delete_object(Bucket=name, Key="k")
        for key, how in (("plain", None), ("sealed", "AES256")):
            got = self.s3.get_object(Bucket=name, Key=key)
            self.assertEqual((got["Body"].read(), got.get("ServerSideEncryption")), (body, how))
        self.refused(501, "NotImplemented", self.s3.put_object, Bucket=name, Key="k", Body=b"", ServerSideEncryption="aws:kms")

    def test_the_default_of_a_bucket(self):
        name = self.bucket()
        self.refused(404, "ServerSideEncryptionConfigurationNotFoundError", self.s3.get_bucket_encryption, Bucket=name)
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
        self.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)
        self.assertEqual(self.s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        self.put(name, "k")
        self.assertEqual(self.s3.head_object(Bucket=name, Key="k")["ServerSideEncryption"], "AES256")

    def test_a_key_of_the_customer(self):
        name = self.bucket()
        body, key = os.urandom(150_000), dict(SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
        self.s3.put_object(Bucket=name, Key="k", Body=body, **key)
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k", **key)["Body"].read(), body)
        self.assertEqual(self.s3.get_object(Bucket=name, Key="k", Range="bytes=70000-70009", **key)["Body"].read(), body[70000:70010])
        self.refused(400, "InvalidRequest", self.s3.get_object, Bucket=name, Key="k")
        self.refused(403, "AccessDenied", self.s3.get_object, Bucket=name, Key="k", SSECustomerAlgorithm="AES256", SSECustomerKey="x" * 32)
        self.refused(400, "400", self.s3.head_object, Bucket=name, Key="k")
        self.s3.copy_object(Bucket=name, Key="c", CopySource={"Bucket": name, "Key": "k"}, CopySourceSSECustomerAlgorithm="AES256", CopySourceSSECustomerKey="k" * 32)
        self.assertEqual(self.s3.get_object(Bucket=name, Key="c")["Body"].read(), body)

    def test_parts_are_encrypted(self):
        name = self.bucket()
        for options in (dict(ServerSideEncryption="AES256"), dict(SSECustomerAlgorithm="AES256", SSECustomerKey="p" * 32)):
            again = {k: v for k, v in options.items() if k.startswith("SSEC")}
            upload = self.s3.create_multipart_upload(Bucket=name, Key="k", **options)["UploadId"]
            bodies, parts = [os.urandom(5 * MIB), b"tail"], []
            for number, body in enumerate(bodies, 1):
                parts.append({"PartNumber": number, "ETag": self.s3.upload_part(Bucket=name, Key="k", UploadId=upload, PartNumber=number, Body=body, **again)["ETag"]})
            if again:
                self.refused(400, "InvalidRequest", self.s3.upload_part, Bucket=name, Key="k", UploadId=upload, PartNumber=3, Body=b"")
            self.s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
            self.assertEqual(self.s3.get_object(Bucket=name, Key="k", **again)["Body"].read(), b"".join(bodies))
            self.assertEqual(self.s3.get_object(Bucket=name, Key="k", Range="bytes=%d-" % (5 * MIB - 5), **again)["Body"].read(), bodies[0][-5:] + b"tail")


class Locks(Case):
    def setUp(self):
        super().setUp()
        self.later = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=1)

    def test_governance_keeps_a_version_from_those_who_do_not_bypass_it(self):
        name = self.bucket(ObjectLockEnabledForBucket=True)
        self.assertEqual(self.s3.get_bucket_versioning(Bucket=name)["Status"], "Enabled")
        self.assertEqual(self.s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]["ObjectLockEnabled"], "Enabled")
        version = self.s3.put_object(Bucket=name, Key="k", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=self.later)["VersionId"]
        self.refused(403, "AccessDenied", self.s3.delete_object, Bucket=name, Key="k", VersionId=version)
        self.assertEqual(self.s3.get_object_retention(Bucket=name, Key="k")["Retention"], {"Mode": "GOVERNANCE", "RetainUntilDate": self.later})
        marker = self.s3.delete_object(Bucket=name, Key="k")
        self.s3.delete_object(Bucket=name, Key="k", VersionId=marker["VersionId"])
        self.s3.delete_object(Bucket=name, Key="k", VersionId=version, BypassGovernanceRetention=True)

    def test_a_legal_hold_keeps_a_version_until_it_is_lifted(self):
        name = self.bucket(ObjectLockEnabledForBucket=True)
        version = self.s3.put_object(Bucket=name, Key="k", Body=b"x", ObjectLockLegalHoldStatus="ON")["VersionId"]
        self.refused(403, "AccessDenied", self.s3.delete_object, Bucket=name, Key="k", VersionId=version, BypassGovernanceRetention=True)
        self.assertEqual(self.s3.get_object_legal_hold(Bucket=name, Key="k")["LegalHold"]["Status"], "ON")
        self.s3.put_object_legal_hold(Bucket=name, Key="k", LegalHold={"Status": "OFF"})
        self.s3.delete_object(Bucket=name, Key="k", VersionId=version)

    def test_the_default_of_a_bucket_and_its_limits(self):
        name = self.bucket(ObjectLockEnabledForBucket=True)
        rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
        self.s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=rule)
        self.assertEqual(self.s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"], rule)
        version = self.s3.put_object(Bucket=name, Key="k", Body=b"x")["VersionId"]
        self.assertEqual(self.s3.head_object(Bucket=name, Key="k")["ObjectLockMode"], "GOVERNANCE")
        self.refused(403, "AccessDenied", self.s3.delete_object, Bucket=name, Key="k", VersionId=version)
        sooner = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)
        self.refused(403, "AccessDenied", self.s3.put_object_retention, Bucket=name, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": sooner})
        self.s3.put_object_retention(Bucket=name, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": sooner}, BypassGovernanceRetention=True)
        self.refused(409, "InvalidBucketState", self.s3.put_bucket_versioning, Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        plain = self.bucket()
        self.refused(400, "InvalidRequest", self.s3.put_object, Bucket=plain, Key="k", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=self.later)
        self.refused(404, "ObjectLockConfigurationNotFoundError", self.s3.get_object_lock_configuration, Bucket=plain)

    def test_compliance_is_bypassed_by_nobody(self):
        name = self.bucket(ObjectLockEnabledForBucket=True)
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=8)
        version = self.s3.put_object(Bucket=name, Key="k", Body=b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=soon)["VersionId"]
        self.refused(403, "AccessDenied", self.s3.delete_object, Bucket=name, Key="k", VersionId=version, BypassGovernanceRetention=True)
        past = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
        self.refused(403, "AccessDenied", self.s3.put_object_retention, Bucket=name, Key="k", Retention={"Mode": "COMPLIANCE", "RetainUntilDate": past}, BypassGovernanceRetention=True)
        time.sleep(max(0, (soon - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) + 0.5)
        self.s3.delete_object(Bucket=name, Key="k", VersionId=version)


class Lifecycles(Case):
    def test_rules_are_kept_and_checked(self):
        name = self.bucket()
        self.refused(404, "NoSuchLifecycleConfiguration", self.s3.get_bucket_lifecycle_configuration, Bucket=name)
        rules = [{"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "log/"}, "Expiration": {"Days": 3}},
                 {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
                 {"ID": "cut", "Status": "Disabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}}]
        self.s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
        self.assertEqual(self.s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"], rules)
        put = lambda **rule: self.s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [dict({"Status": "Enabled", "Filter": {"Prefix": ""}}, **rule)]})
        self.refused(400, "InvalidArgument", put, Expiration={"Days": 0})
        self.refused(400, "InvalidRequest", put)
        self.refused(400, "MalformedXML", put, Status="Perhaps", Expiration={"Days": 1})
        self.refused(501, "NotImplemented", put, Transitions=[{"Days": 1, "StorageClass": "GLACIER"}])
        self.s3.delete_bucket_lifecycle(Bucket=name)
        self.refused(404, "NoSuchLifecycleConfiguration", self.s3.get_bucket_lifecycle_configuration, Bucket=name)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=sys.argv)
