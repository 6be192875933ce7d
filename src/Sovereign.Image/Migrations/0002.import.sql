CREATE TABLE image_stages (
  image_id TEXT PRIMARY KEY, owner TEXT NOT NULL, file TEXT NOT NULL, size BIGINT NOT NULL, md5 TEXT NOT NULL, sha256 TEXT NOT NULL, sha512 TEXT NOT NULL);
CREATE INDEX image_stages_by_owner ON image_stages (owner);
CREATE TABLE image_tasks (
  id TEXT PRIMARY KEY, image_id TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL, user_id TEXT NOT NULL, request_id TEXT NOT NULL,
  method TEXT NOT NULL, source TEXT NOT NULL, message TEXT NOT NULL, phase TEXT NOT NULL, file TEXT NOT NULL, validator TEXT, target TEXT, disk_format TEXT NOT NULL,
  tries BIGINT NOT NULL, size BIGINT, virtual_size BIGINT, md5 TEXT, sha256 TEXT, sha512 TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, expires_at BIGINT);
CREATE INDEX image_tasks_by_image ON image_tasks (image_id, created_at, id);
CREATE INDEX image_tasks_by_owner ON image_tasks (owner, created_at, id);
CREATE INDEX image_tasks_by_time ON image_tasks (created_at, id);
CREATE INDEX image_tasks_by_status ON image_tasks (status, created_at, id);
CREATE INDEX image_tasks_by_expiry ON image_tasks (expires_at);
