CREATE TABLE buckets (
  number BIGINT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, global_name TEXT, owner_id TEXT NOT NULL, versioning TEXT NOT NULL,
  lock_enabled BIGINT NOT NULL, objects BIGINT NOT NULL, bytes BIGINT NOT NULL, created_at BIGINT NOT NULL);
CREATE UNIQUE INDEX buckets_by_name ON buckets (project_id, name);
CREATE UNIQUE INDEX buckets_by_global_name ON buckets (global_name);
CREATE TABLE bucket_settings (bucket BIGINT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, changed_at BIGINT NOT NULL, PRIMARY KEY (bucket, name));
CREATE INDEX bucket_settings_by_name ON bucket_settings (name, bucket);
CREATE TABLE objects (
  bucket BIGINT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, version_id TEXT NOT NULL, latest BIGINT NOT NULL, marker BIGINT NOT NULL,
  size BIGINT NOT NULL, etag TEXT NOT NULL, modified_at BIGINT NOT NULL, owner_id TEXT NOT NULL, content TEXT, crc BIGINT NOT NULL, upload_id TEXT,
  headers TEXT NOT NULL, tags TEXT, sum_kind BIGINT NOT NULL, sum TEXT, sealing TEXT, lock_mode TEXT, retain_until BIGINT, legal_hold BIGINT NOT NULL, acl TEXT,
  PRIMARY KEY (bucket, name, version));
CREATE UNIQUE INDEX objects_current ON objects (bucket, name) WHERE latest = 1 AND marker = 0;
CREATE INDEX objects_by_content ON objects (content);
CREATE INDEX objects_by_upload ON objects (upload_id) WHERE upload_id IS NOT NULL;
CREATE TABLE uploads (
  id TEXT PRIMARY KEY, bucket BIGINT NOT NULL, name TEXT NOT NULL, owner_id TEXT NOT NULL, begun_at BIGINT NOT NULL, headers TEXT NOT NULL, tags TEXT,
  sum_kind BIGINT NOT NULL, sealing TEXT, lock_mode TEXT, retain_until BIGINT, legal_hold BIGINT NOT NULL, acl TEXT);
CREATE INDEX uploads_by_name ON uploads (bucket, name, id);
CREATE TABLE parts (
  upload_id TEXT NOT NULL, number BIGINT NOT NULL, content TEXT, size BIGINT NOT NULL, etag TEXT NOT NULL, crc BIGINT NOT NULL, sum TEXT,
  modified_at BIGINT NOT NULL, sealing TEXT, PRIMARY KEY (upload_id, number));
CREATE INDEX parts_by_content ON parts (content);
CREATE TABLE object_garbage (content TEXT PRIMARY KEY, at BIGINT NOT NULL);
CREATE INDEX object_garbage_by_time ON object_garbage (at, content);
CREATE TABLE account_settings (project_id TEXT PRIMARY KEY, headers TEXT NOT NULL);
CREATE TABLE object_expiry (bucket BIGINT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (bucket, name, version));
CREATE INDEX object_expiry_by_time ON object_expiry (at);
CREATE TABLE bucket_numbers (id BIGINT PRIMARY KEY, last BIGINT NOT NULL);
