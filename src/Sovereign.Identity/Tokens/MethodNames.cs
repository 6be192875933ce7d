using Sovereign.Kernel.Access;

namespace Sovereign.Identity.Tokens;

/// <summary>Methods of authentication by their names on the wire.</summary>
internal static class MethodNames
{
    private static readonly (AuthMethods Method, string Name)[] names =
    [
        (AuthMethods.Password, "password"), (AuthMethods.Token, "token"), (AuthMethods.ApplicationCredential, "application_credential"),
        (AuthMethods.Totp, "totp"), (AuthMethods.Ec2Credential, "ec2credential"), (AuthMethods.OAuth1, "oauth1"),
    ];

    public static IEnumerable<string> Of(AuthMethods methods) => names.Where(pair => (methods & pair.Method) != 0).Select(pair => pair.Name);
}
