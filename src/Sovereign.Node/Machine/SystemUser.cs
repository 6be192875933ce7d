using System.Globalization;

namespace Sovereign.Node.Machine;

/// <summary>A local user, from the machine's password file.</summary>
internal sealed record SystemUser(int Uid, int Gid)
{
    public static SystemUser? Find(string name) => File.ReadLines("/etc/passwd").Select(l => l.Split(':'))
        .Where(f => f.Length > 3 && f[0] == name)
        .Select(f => new SystemUser(Number(f[2]), Number(f[3]))).FirstOrDefault();

    public static int? Group(string name) => File.ReadLines("/etc/group").Select(l => l.Split(':')).Where(f => f.Length > 2 && f[0] == name)
        .Select(f => (int?)Number(f[2])).FirstOrDefault();

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
