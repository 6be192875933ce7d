using System.Text;

namespace Sovereign.Volume.Wire;

/// <summary>A flat dictionary of texts in the notation of Python, which is what stock clients put into query strings.</summary>
internal static class PythonDictionary
{
    /// <summary>Null when the text is none.</summary>
    public static Dictionary<string, string>? Read(string text)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        var at = Skip(text, 0);
        if (at >= text.Length || text[at] != '{') return null;
        at = Skip(text, at + 1);
        while (at < text.Length && text[at] != '}')
        {
            if (Quoted(text, ref at) is not { } key) return null;
            at = Skip(text, at);
            if (at >= text.Length || text[at] != ':') return null;
            at = Skip(text, at + 1);
            if (Quoted(text, ref at) is not { } value) return null;
            read[key] = value;
            at = Skip(text, at);
            if (at < text.Length && text[at] == ',') at = Skip(text, at + 1);
            else if (at >= text.Length || text[at] != '}') return null;
        }

        return at < text.Length && Skip(text, at + 1) == text.Length ? read : null;
    }

    private static int Skip(string text, int at)
    {
        while (at < text.Length && text[at] == ' ') at++;
        return at;
    }

    private static string? Quoted(string text, ref int at)
    {
        if (at < text.Length && text[at] == 'u') at++;
        if (at >= text.Length || text[at] is not ('\'' or '"')) return null;
        var quote = text[at++];
        var read = new StringBuilder();
        for (; at < text.Length && text[at] != quote; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length) at++;
            read.Append(text[at]);
        }

        if (at >= text.Length) return null;
        at++;
        return read.ToString();
    }
}
