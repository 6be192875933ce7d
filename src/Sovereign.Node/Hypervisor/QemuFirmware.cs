using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>A guest's UEFI firmware (OVMF) with its own variables, and its TPM: a swtpm process that ends with QEMU.</summary>
internal sealed class QemuFirmware(ProcessRunner runner, SystemUser? user)
{
    private const string Ovmf = "/usr/share/OVMF/OVMF_";
    private const string Tpm = "swtpm";
    private static readonly TimeSpan endLimit = TimeSpan.FromSeconds(5);

    /// <summary>Values of QEMU's -machine, and what belongs to it.</summary>
    public static IEnumerable<string> Arguments(HardwareSpec hardware, DomainFiles files)
    {
        var secure = hardware.Firmware == FirmwareKinds.UefiSecure;
        var uefi = secure || hardware.Firmware == FirmwareKinds.Uefi;
        yield return "-machine";
        // Only with SMM can a guest's system not write the variables that say whom the firmware trusts.
        yield return (hardware.Machine == "q35" ? "q35" : "pc") + (secure ? ",smm=on" : "") + (uefi ? ",pflash0=firmware,pflash1=variables" : "");
        if (uefi)
        {
            yield return "-blockdev";
            yield return QemuCommandLine.File("firmware", "raw", Ovmf + (secure ? "CODE_4M.secboot.fd" : "CODE_4M.fd"), readOnly: true);
            yield return "-blockdev";
            yield return QemuCommandLine.File("variables", "raw", files.Variables(secure), readOnly: false);
        }

        if (secure)
        {
            yield return "-global";
            yield return "driver=cfi.pflash01,property=secure,value=on";
        }

        if (hardware.Tpm is not { } tpm) yield break;
        yield return "-chardev";
        yield return "socket,id=tpm,path=" + QemuCommandLine.Escape(files.TpmSocket);
        yield return "-tpmdev";
        yield return "emulator,id=tpm,chardev=tpm";
        yield return "-device";
        yield return (tpm.Crb ? "tpm-crb" : "tpm-tis") + ",tpmdev=tpm";
    }

    /// <summary>Makes the variables once; they are the guest's own from then on.</summary>
    public void EnsureVariables(HardwareSpec hardware, DomainFiles files)
    {
        var secure = hardware.Firmware == FirmwareKinds.UefiSecure;
        var path = files.Variables(secure);
        if (!(secure || hardware.Firmware == FirmwareKinds.Uefi) || File.Exists(path)) return;
        var part = path + ".new";
        File.Copy(Ovmf + (secure ? "VARS_4M.ms.fd" : "VARS_4M.fd"), part, overwrite: true);
        File.SetUnixFileMode(part, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (user is not null) Native.Own(part, user.Uid, user.Gid);
        File.Move(part, path);
    }

    /// <summary>Starts the TPM, whose state is encrypted with the guest's own key.</summary>
    public async Task StartTpm(TpmSpec tpm, DomainFiles files, CancellationToken stop)
    {
        Directory.CreateDirectory(files.Tpm, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (user is not null) Native.Own(files.Tpm, user.Uid, user.Gid);
        List<string> arguments =
        [
            "socket", "--tpmstate", $"dir={files.Tpm},mode=0600", "--ctrl", "type=unixio,path=" + files.TpmSocket, "--pid", "file=" + files.TpmPid,
            "--key", "fd=0,format=hex,mode=aes-256-cbc", "--terminate", "--daemon",
        ];
        if (tpm.Version == TpmSpec.Version2) arguments.Add("--tpm2");
        if (user is null) await runner.Must(Tpm, arguments, stop, tpm.Key);
        else await runner.Must("setpriv", [$"--reuid={user.Uid}", $"--regid={user.Gid}", "--clear-groups", "--no-new-privs", Tpm, .. arguments], stop, tpm.Key);
    }

    /// <summary>Ends a TPM that no QEMU took over; the others end with theirs.</summary>
    public async Task EndTpm(DomainFiles files, CancellationToken stop)
    {
        if (Running(files) is not { } pid) return;
        Native.Kill(pid);
        await ProcessEnd.Wait(pid, endLimit, runner.Clock, stop);
    }

    /// <summary>Whether a process is the TPM of a guest whose files are below a directory.</summary>
    public static bool Is(string commandLine, string directory) =>
        commandLine.StartsWith(Tpm + "\0", StringComparison.Ordinal) && commandLine.Contains(directory + "/", StringComparison.Ordinal);

    private static int? Running(DomainFiles files)
    {
        try
        {
            return int.TryParse(File.ReadAllText(files.TpmPid).Trim(), out var pid) && Is(File.ReadAllText($"/proc/{pid}/cmdline"), files.Directory) ? pid : null;
        }
        catch (IOException) { return null; }
    }
}
