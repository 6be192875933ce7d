-- A table of its own: what the earlier release reads as an assignment counts on the target itself.
CREATE TABLE inherited_assignments (
  actor_kind TEXT NOT NULL, actor_id TEXT NOT NULL, target_kind TEXT NOT NULL, target_id TEXT NOT NULL, role_id TEXT NOT NULL,
  PRIMARY KEY (actor_id, actor_kind, target_kind, target_id, role_id));
CREATE INDEX inherited_assignments_by_target ON inherited_assignments (target_id, target_kind);
CREATE INDEX inherited_assignments_by_role ON inherited_assignments (role_id);
CREATE TABLE project_tags (project_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (project_id, tag));
CREATE INDEX project_tags_by_tag ON project_tags (tag, project_id);
