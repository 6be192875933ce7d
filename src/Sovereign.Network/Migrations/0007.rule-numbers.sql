ALTER TABLE security_group_rules ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE security_group_rules SET number = r.n FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY created_at, id) AS n FROM security_group_rules) r
  WHERE r.id = security_group_rules.id;
CREATE INDEX security_group_rules_by_number ON security_group_rules (number);
