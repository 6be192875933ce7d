CREATE TABLE segments (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, network_id TEXT NOT NULL UNIQUE, name TEXT, description TEXT, network_type TEXT NOT NULL,
  physical_network TEXT, segmentation_id BIGINT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
CREATE INDEX segments_by_name ON segments (name);
CREATE INDEX segments_by_number ON segments (segmentation_id);
INSERT INTO segments (id, project_id, network_id, network_type, physical_network, segmentation_id, created_at, updated_at, revision)
  SELECT substr(id, 1, 35) || CASE WHEN substr(id, 36) = '4' THEN '5' ELSE '4' END, project_id, id, network_type, physical_network,
    CASE WHEN network_type = 'vxlan' THEN vni END, created_at, updated_at, 1 FROM networks;
CREATE TABLE segment_ranges (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, is_default BIGINT NOT NULL, shared BIGINT NOT NULL,
  network_type TEXT NOT NULL, minimum BIGINT NOT NULL, maximum BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  revision BIGINT NOT NULL);
CREATE INDEX segment_ranges_by_name ON segment_ranges (name);
CREATE INDEX segment_ranges_by_project ON segment_ranges (shared, project_id, minimum);
INSERT INTO segment_ranges VALUES ('00000000-0000-4000-8000-000000000011', '', '', '', 1, 1, 'vxlan', 1, 65535, 0, 0, 1);
