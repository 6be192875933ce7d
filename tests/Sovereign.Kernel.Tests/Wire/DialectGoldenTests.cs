using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sovereign.Kernel.Tests.Support;
using Xunit;

namespace Sovereign.Kernel.Tests.Wire;

/// <summary>Every fault in every dialect as it leaves the server: status, headers that matter, body.</summary>
public sealed partial class DialectGoldenTests
{
    public static TheoryData<string> Dialects => [.. WireToy.Dialects.Select(dialect => dialect.Name)];

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Every_fault_is_worded_as_this_dialect_words_it(string dialect)
    {
        await using var cloud = await WireToy.Cloud();
        var text = new StringBuilder();
        foreach (var path in WireToy.Faults.Keys.Select(name => "/fault/" + name).Concat(["/store-away", "/bug", "/nowhere"]))
        {
            var reply = await cloud.Send("GET", $"/{dialect}{path}");
            text.AppendLine(CultureInfo.InvariantCulture, $"GET {path}").AppendLine(CultureInfo.InvariantCulture, $"{reply.Status}");
            foreach (var header in (string[])["Content-Type", "Vary", "WWW-Authenticate", "Retry-After"])
            {
                if (reply.Headers.TryGetValue(header, out var value)) text.AppendLine(CultureInfo.InvariantCulture, $"{header}: {value}");
            }

            Assert.Matches(RequestId(), reply.Headers["x-openstack-request-id"]);
            text.AppendLine(RequestId().Replace(reply.Text, "req-ID")).AppendLine();
            Assert.DoesNotContain("secret of the inside", reply.Text, StringComparison.Ordinal);
        }

        Golden.Matches($"errors-{dialect}.txt", text.ToString());
    }

    [GeneratedRegex("req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex RequestId();
}
