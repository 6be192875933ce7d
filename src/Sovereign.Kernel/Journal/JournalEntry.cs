using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Journal;

/// <summary>What happened to a resource; the numbers are in the journal.</summary>
public enum Change
{
    Created = 1,
    Updated = 2,
    Deleted = 3,
}

/// <summary>One committed change, as caches, watchers and node hubs see it.</summary>
/// <param name="Sequence">Version within the incarnation: commit order.</param>
/// <param name="Owner">Project (domain for users) of the resource; null for the cloud's own.</param>
public sealed record JournalEntry(
    long Sequence, string Incarnation, long Time, string RequestId, string ActorId, string? Owner, string Kind, string Id, Change Change);

internal sealed record PendingEntry(string Kind, string Id, string? Owner, Change Change, byte[] Document)
{
    public Origin Origin { get; init; } = Origin.System;
}
