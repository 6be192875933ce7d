using System.Text;
using System.Text.RegularExpressions;

namespace Sovereign.Kernel.Access;

/// <summary>One kind of call that a token may make; a token that has such rules makes no other. Identity gives them to callers, the request pipeline
/// checks them in front of every route.</summary>
/// <param name="Service">Catalog type: "compute".</param>
/// <param name="Method">"GET".</param>
/// <param name="Path">As the service shows it, with * for one segment (so is {name}) and ** for any number: "/v2.1/servers/*/ips".</param>
public sealed record CallRule(string Id, string Service, string Method, string Path)
{
    private static readonly TimeSpan matchTimeMax = TimeSpan.FromSeconds(1);
    private readonly Lazy<Regex> pattern = new(() => new Regex(Translated(Path), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, matchTimeMax));

    /// <param name="path">The whole path of the request; what stands before the service's own paths may be left out in a rule.</param>
    public bool Allows(string service, string method, string path)
    {
        if (service != Service || !string.Equals(method, Method, StringComparison.OrdinalIgnoreCase)) return false;
        var mount = path.IndexOf('/', 1);
        return pattern.Value.IsMatch(path) || (mount > 0 && pattern.Value.IsMatch(path[mount..]));
    }

    private static string Translated(string path)
    {
        var text = new StringBuilder("^");
        for (var i = 0; i < path.Length; i++)
        {
            var close = path[i] == '{' ? path.IndexOf('}', i) : -1;
            if (close > 0)
            {
                text.Append("[^/]+");
                i = close;
            }
            else if (path[i] != '*')
            {
                text.Append(Regex.Escape(path[i].ToString()));
            }
            else if (i + 1 < path.Length && path[i + 1] == '*')
            {
                text.Append(".*");
                i++;
            }
            else
            {
                text.Append("[^/]+");
            }
        }

        return text.Append("\\z").ToString();
    }
}
