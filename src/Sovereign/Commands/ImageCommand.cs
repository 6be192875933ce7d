using System.CommandLine;
using Sovereign.ImageSync;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>The standard images: what there is, and bringing a cloud up to date.</summary>
internal static class ImageCommand
{
    public static Command Create() => new("image", "The standard images of SCS clouds: list the catalogue, bring them into a cloud.") { List(), Sync() };

    private static Command List()
    {
        var command = new Command("catalogue", "Show the images that \"sync\" knows: status, name, source.");
        command.SetAction(_ =>
        {
            foreach (var image in StandardImages.Load().Images) Console.WriteLine($"{image.Status,-12} {image.Name,-28} {image.Url}");
        });
        return command;
    }

    private static Command Sync()
    {
        var data = CommonOptions.Data();
        var select = new Option<string[]>("--select")
        {
            Description = "Names of the catalogue, or mandatory, recommended, optional, all. Default: mandatory and recommended.", HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
        };
        var mirror = new Option<string>("--mirror")
        {
            Description = "Take everything from below this URL, by host and path: URL/cloud-images.ubuntu.com/releases/…", HelpName = "URL",
        };
        var directory = new Option<string>("--directory")
        {
            Description = "The same from files, for sites without internet: DIR/cloud-images.ubuntu.com/releases/…", HelpName = "DIR",
        };
        var work = new Option<string>("--work") { Description = "Where downloads grow and are taken up again. Default: a directory of your cache.", HelpName = "DIR" };
        var clouds = new Option<string>("--clouds") { Description = "A clouds.yaml. Default: that of the data directory.", HelpName = "FILE" };
        var cloud = new Option<string>("--cloud") { Description = "The cloud in it; its user must be an administrator. Default: sovereign-admin.", HelpName = "NAME" };
        var command = new Command("sync",
            """
            Bring the standard images into a running cloud: download (resumed when it was cut off), check against the publisher's checksums, upload,
            publish. When there is a new version it takes over the name; the old image gets its date into its name, is hidden, and keeps its id.
            Speaks to the cloud by its public API only. Can be repeated at any time, by a timer too.
            Exit code: 0 when all chosen images are the newest, 1 with a line for each that is not.

              sovereign image sync
              sovereign image sync --select "Debian 13" ubuntu-capi-image-v1.33.1
              sovereign image sync --directory /media/usb/images
            """)
        { data, select, mirror, directory, work, clouds, cloud };
        command.SetAction((parsed, stop) => CommonOptions.Guard(() => Run(
            parsed.GetValue(clouds) ?? CloudDirectory.At(parsed.GetValue(data) ?? CloudDirectory.Default).Clouds, parsed.GetValue(cloud) ?? "sovereign-admin",
            parsed.GetValue(select) ?? [], (parsed.GetValue(mirror), parsed.GetValue(directory)), parsed.GetValue(work) ?? Cache(), stop)));
        return command;
    }

    private static async Task<int> Run(
        string clouds, string cloud, IReadOnlyList<string> select, (string? Mirror, string? Directory) from, string work, CancellationToken stop)
    {
        if (from is { Mirror: not null, Directory: not null }) throw new LauncherException("--mirror and --directory exclude each other.");
        if (from.Mirror is { } url && (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")))
        {
            throw new LauncherException($"--mirror: '{url}' is no http or https URL.");
        }

        var wanted = StandardImages.Load().Select(select);
        var login = CloudLogin.Read(clouds, cloud);
        using var api = login.Client();
        using var web = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var fetcher = new ImageFetcher(web, from.Mirror, from.Directory, work, TimeProvider.System, Console.WriteLine);
        var failed = await new ImageSyncRun(new CloudImages(api, login, TimeProvider.System), fetcher, Console.WriteLine).Run(wanted, stop);
        return failed == 0 ? 0 : CommonOptions.ExitFault;
    }

    private static string Cache() => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "sovereign", "images");
}
