using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Sovereign.House.Tests.Architecture;

/// <summary>What an assembly says of itself, read without loading it.</summary>
internal sealed record AssemblyFacts(string Name, IReadOnlyList<string> References, IReadOnlyList<string> PublicTypes)
{
    /// <exception cref="FileNotFoundException">It is not beside the tests: a rule that checks nothing must not pass.</exception>
    public static AssemblyFacts Of(string name)
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        using var image = new PEReader(file);
        var reader = image.GetMetadataReader();
        var references = reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name));
        var types = reader.TypeDefinitions.Select(handle => reader.GetTypeDefinition(handle))
            .Where(type => (type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public)
            .Select(type => reader.GetString(type.Namespace) + "." + reader.GetString(type.Name).Split('`')[0]);
        return new AssemblyFacts(name, [.. references.Order(StringComparer.Ordinal)], [.. types.Order(StringComparer.Ordinal)]);
    }
}
