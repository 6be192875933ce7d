using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Servers;

/// <summary>SQL of servers and of their actions.</summary>
internal static class ServerStore
{
    private const string Insertion =
        """
        INSERT INTO compute_servers (id, number, project_id, user_id, name, hostname, description, status, vm_state, task_state, power_state, power_target,
          reboot_count, reboot_hard, deleting, flavor_id, vcpus, ram_mib, flavor, image_id, image, key_name, public_key, metadata, tags, access_ipv4, access_ipv6,
          addresses, config_drive, user_data, admin_pass, zone, scheduler_hints, wanted_node, node_id, reservation_id, launch_index, locked_by, locked_reason,
          disk_config, fault_code, fault_message, fault_at, created_at, updated_at, launched_at, nic_tags, booted_by, files, block_devices, revision)
        VALUES (@Id, @Number, @ProjectId, @UserId, @Name, @Hostname, @Description, @Status, @VmState, @TaskState, @PowerState, @PowerTarget,
          0, 0, 0, @FlavorId, @Vcpus, @RamMib, @Flavor, @ImageId, @Image, @KeyName, @PublicKey, @Metadata, @Tags, @AccessIpv4, @AccessIpv6,
          @Addresses, @configDrive, @UserData, @AdminPass, @Zone, @SchedulerHints, @WantedNode, NULL, @ReservationId, @LaunchIndex, NULL, NULL,
          @DiskConfig, 0, NULL, 0, @CreatedAt, @UpdatedAt, 0, @NicTags, @BootedBy, @Files, @BlockDevices, 1)
        """;

    private const string Changing =
        """
        UPDATE compute_servers SET name = @Name, hostname = @Hostname, description = @Description, status = @Status, vm_state = @VmState,
          task_state = @TaskState, power_state = @PowerState, power_target = @PowerTarget, reboot_count = @RebootCount, reboot_hard = @rebootHard,
          deleting = @deleting, metadata = @Metadata, tags = @Tags, access_ipv4 = @AccessIpv4, access_ipv6 = @AccessIpv6,
          admin_pass = @AdminPass, guest_password = @GuestPassword, node_id = @NodeId, locked_by = @LockedBy, locked_reason = @LockedReason,
          disk_config = @DiskConfig, fault_code = @FaultCode, zone = @Zone, wanted_node = @WantedNode,
          flavor_id = @FlavorId, vcpus = @Vcpus, ram_mib = @RamMib, flavor = @Flavor, image_id = @ImageId, image = @Image, key_name = @KeyName,
          public_key = @PublicKey, user_data = @UserData, files = @Files, nic_tags = @NicTags,
          block_devices = @BlockDevices, addresses = @Addresses, disk_generation = @DiskGeneration,
          disk_last = @DiskLast, before_resize = @BeforeResize, detaching = @Detaching, fault_message = @FaultMessage, fault_at = @FaultAt,
          updated_at = @UpdatedAt, launched_at = @LaunchedAt, root_image = @RootImage, rescue = @Rescue, shelved_image = @ShelvedImage, revision = revision + 1
        WHERE id = @Id AND revision = @Revision
        """;

    public static ServerRow? Find(Session session, string id) => session.FirstOrDefault<ServerRow>("SELECT * FROM compute_servers WHERE id = @id", new { id });

    public static List<ServerRow> Numbered(Session session, IReadOnlyCollection<long> numbers) =>
        numbers.Count == 0 ? [] : session.Query<ServerRow>("SELECT * FROM compute_servers WHERE number IN @numbers", new { numbers });

    public static void Insert(Tx tx, ServerRow row) => tx.Execute(Insertion, new
    {
        row.Id, row.Number, row.ProjectId, row.UserId, row.Name, row.Hostname, row.Description, row.Status, row.VmState, row.TaskState, row.PowerState,
        row.PowerTarget, row.FlavorId, row.Vcpus, row.RamMib, row.Flavor, row.ImageId, row.Image, row.KeyName, row.PublicKey, row.Metadata, row.Tags,
        row.AccessIpv4, row.AccessIpv6, row.Addresses, configDrive = row.ConfigDrive ? 1L : 0L, row.UserData, row.AdminPass, row.Zone, row.SchedulerHints,
        row.WantedNode, row.ReservationId, row.LaunchIndex, row.DiskConfig, row.CreatedAt, row.UpdatedAt, row.NicTags,
        row.BootedBy, row.Files, row.BlockDevices,
    });

    /// <summary>Writes what can change; false when somebody else changed the row since it was read.</summary>
    public static bool Update(Tx tx, ServerRow row) => tx.Execute(Changing, new
    {
        row.Id, row.Revision, row.Name, row.Hostname, row.Description, row.Status, row.VmState, row.TaskState, row.PowerState, row.PowerTarget, row.RebootCount,
        rebootHard = row.RebootHard ? 1L : 0L, deleting = row.Deleting ? 1L : 0L, row.Metadata, row.Tags, row.AccessIpv4, row.AccessIpv6,
        row.AdminPass, row.GuestPassword, row.NodeId, row.LockedBy, row.LockedReason, row.DiskConfig, row.FaultCode,
        row.FaultMessage, row.FaultAt, row.UpdatedAt, row.LaunchedAt, row.Zone, row.WantedNode,
        row.FlavorId, row.Vcpus, row.RamMib, row.Flavor, row.ImageId, row.Image, row.KeyName, row.PublicKey, row.UserData, row.Files,
        row.NicTags, row.BlockDevices, row.Addresses,
        row.DiskGeneration, row.DiskLast, row.BeforeResize, row.Detaching, row.RootImage, row.Rescue, row.ShelvedImage,
    }) == 1;

    /// <summary>Whether a server's disk was made of content of this digest.</summary>
    public static bool StandsOn(Session session, string digest) => session.Scalar<long?>(
        "SELECT 1 FROM compute_servers WHERE root_image LIKE @like OR rescue LIKE @like OR (root_image IS NULL AND image LIKE @like) LIMIT 1",
        new { like = $"%{digest}%" }) is not null;

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM compute_server_tags WHERE server_id = @id", new { id });
        tx.Execute("DELETE FROM compute_server_group_members WHERE server_id = @id", new { id });
        tx.Execute("DELETE FROM compute_servers WHERE id = @id", new { id });
    }

    /// <summary>The tags as filters need them; the row has them too, as lists need them.</summary>
    public static void SetTags(Tx tx, string id, IReadOnlyList<string> tags)
    {
        tx.Execute("DELETE FROM compute_server_tags WHERE server_id = @id", new { id });
        foreach (var tag in tags) tx.Execute("INSERT INTO compute_server_tags (server_id, tag) VALUES (@id, @tag)", new { id, tag });
    }

    /// <summary>Reserves numbers for new servers; the first of them.</summary>
    public static long Numbers(Tx tx, int count) =>
        tx.Scalar<long>("UPDATE compute_server_number SET last = last + @count WHERE id = 1 RETURNING last", new { count = (long)count }) - count + 1;

    /// <summary>Keeps the addresses for filters and makes rendered pieces new.</summary>
    public static void SetAddresses(Tx tx, string id, string addresses) =>
        tx.Execute("UPDATE compute_servers SET addresses = @addresses, revision = revision + 1 WHERE id = @id", new { id, addresses });

    /// <summary>Servers by node, for what hypervisors show.</summary>
    public static List<ServerRow> OnNode(Session session, string nodeId) =>
        session.Query<ServerRow>("SELECT * FROM compute_servers WHERE node_id = @nodeId ORDER BY created_at, id", new { nodeId });

    public static void Begin(Tx tx, ActionRow row) => tx.Execute(
        """
        INSERT INTO compute_server_actions (server_id, request_id, action, project_id, user_id, actor_project_id, event, node_id, message, result, details,
          started_at, finished_at)
        VALUES (@ServerId, @RequestId, @Action, @ProjectId, @UserId, @ActorProjectId, @Event, @NodeId, NULL, NULL, NULL, @StartedAt, 0)
        ON CONFLICT DO NOTHING
        """,
        row);

    /// <summary>Ends what is under way for the server.</summary>
    /// <param name="error">Why it failed; null when it went well.</param>
    public static void End(Tx tx, string serverId, string? nodeId, string? error) => tx.Execute(
        $"""
        UPDATE compute_server_actions SET finished_at = @Now, node_id = @nodeId, result = @result, details = @error
          {(error is null ? "" : ", message = 'Error'")}
        WHERE server_id = @serverId AND finished_at = 0
        """,
        new { serverId, nodeId, tx.Now, result = error is null ? "Success" : "Error", error });

    /// <summary>Ends one action that is done with its request.</summary>
    public static void EndOne(Tx tx, string serverId, string requestId) => tx.Execute(
        "UPDATE compute_server_actions SET finished_at = @Now, result = 'Success' WHERE server_id = @serverId AND request_id = @requestId AND finished_at = 0",
        new { serverId, requestId, tx.Now });

    /// <summary>True while something that was asked for is not done.</summary>
    public static bool Busy(Session session, string serverId) => session.Scalar<long>(
        "SELECT COUNT(*) FROM compute_server_actions WHERE server_id = @serverId AND finished_at = 0", new { serverId }) > 0;

    public static List<ActionRow> Actions(Session session, string serverId) => session.Query<ActionRow>(
        "SELECT * FROM compute_server_actions WHERE server_id = @serverId ORDER BY started_at DESC, request_id DESC LIMIT 1000", new { serverId });

    public static ActionRow? Action(Session session, string serverId, string requestId) => session.FirstOrDefault<ActionRow>(
        "SELECT * FROM compute_server_actions WHERE server_id = @serverId AND request_id = @requestId ORDER BY started_at LIMIT 1", new { serverId, requestId });

    public static int ForgetActions(Tx tx, long before) => tx.Execute(
        "DELETE FROM compute_server_actions WHERE started_at < @before AND server_id NOT IN (SELECT id FROM compute_servers)", new { before });
}
