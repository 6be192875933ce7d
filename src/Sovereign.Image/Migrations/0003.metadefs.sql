CREATE TABLE metadef_namespaces (
  id TEXT PRIMARY KEY, namespace TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, display_name TEXT, description TEXT, visibility TEXT NOT NULL, protected BIGINT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX metadef_namespaces_by_time ON metadef_namespaces (created_at, namespace);
CREATE INDEX metadef_namespaces_by_owner ON metadef_namespaces (owner, created_at, namespace);
CREATE TABLE metadef_definitions (
  namespace_id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (namespace_id, kind, name));
CREATE INDEX metadef_definitions_by_name ON metadef_definitions (kind, name);
