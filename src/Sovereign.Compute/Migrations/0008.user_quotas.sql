-- Limits of one user within a project, below the project's own.
CREATE TABLE compute_user_quotas (
  project_id TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL, hard_limit BIGINT NOT NULL, PRIMARY KEY (project_id, user_id, name));
