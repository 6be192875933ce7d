using System.CommandLine;
using Sovereign.Commands;

var root = new RootCommand(
    """
    Sovereign: a complete cloud in one program, for any OpenStack client.

    Start one here:       sovereign up
    Look at it:           sovereign status
    Stop it:              sovereign down
    Remove it entirely:   sovereign down --destroy
    """)
{
    UpCommand.Create(),
    DownCommand.Create(),
    StatusCommand.Create(),
    VerifyCommand.Create(),
    PolicyCommand.Create(),
    RotateKeys.Create(),
    ImageCommand.Create(),
    InitCommand.Create(),
    ServeRole.Create(),
    NodeRole.Create(),
};

// Stopping in the foreground takes as long as both processes need to end well.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
