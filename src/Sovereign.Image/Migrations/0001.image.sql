CREATE TABLE images (
  id TEXT PRIMARY KEY, name TEXT, owner TEXT NOT NULL, status TEXT NOT NULL, visibility TEXT NOT NULL, disk_format TEXT, container_format TEXT,
  size BIGINT, virtual_size BIGINT, checksum TEXT, os_hash_value TEXT, digest TEXT, content_file TEXT, min_disk BIGINT NOT NULL, min_ram BIGINT NOT NULL,
  protected BIGINT NOT NULL, os_hidden BIGINT NOT NULL, upload_id TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX images_by_time ON images (created_at, id);
CREATE INDEX images_by_owner ON images (owner, created_at, id);
CREATE INDEX images_by_visibility ON images (visibility, created_at, id);
CREATE INDEX images_by_name ON images (name);
CREATE INDEX images_by_digest ON images (digest);
CREATE INDEX images_by_upload ON images (status);
CREATE TABLE image_properties (image_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, pair TEXT NOT NULL, PRIMARY KEY (image_id, name));
CREATE INDEX image_properties_by_name ON image_properties (name);
CREATE TABLE image_tags (image_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (image_id, tag));
CREATE INDEX image_tags_by_tag ON image_tags (tag);
CREATE TABLE image_members (
  image_id TEXT NOT NULL, member_id TEXT NOT NULL, status TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (image_id, member_id));
CREATE INDEX image_members_by_member ON image_members (member_id, status);
CREATE TABLE image_contents (file TEXT PRIMARY KEY, scope TEXT NOT NULL, digest TEXT NOT NULL, size BIGINT NOT NULL, refs BIGINT NOT NULL);
CREATE UNIQUE INDEX image_contents_by_digest ON image_contents (digest, scope);
CREATE TABLE image_garbage (file TEXT PRIMARY KEY, image_id TEXT NOT NULL);
CREATE INDEX image_garbage_by_image ON image_garbage (image_id);
