using Glm5.Benchmarks.Machine;

namespace Glm5.Benchmarks.Peers;

/// <summary>
/// Runs a workload once and returns tokens per second. Called many times, and leaves no thread running between calls.
/// </summary>
internal delegate double MeasureTokensPerSecond(Workload work);

/// <summary>One workload's outcome over all rounds.</summary>
/// <param name="Work">The workload in words.</param>
/// <param name="ReadGigabytesPerSecond">Read bandwidth on the same number of threads, taken between the two sides of
/// each round.</param>
/// <param name="PeerTokensPerSecond">The peer's rate.</param>
/// <param name="OurTokensPerSecond">Our rate; null when only the peer was measured.</param>
/// <param name="OursOverPeer">Our rate over the peer's of the same round: above 1 we are faster.</param>
internal sealed record ComparedWork(
    string Work,
    Spread ReadGigabytesPerSecond,
    Spread PeerTokensPerSecond,
    Spread? OurTokensPerSecond,
    Spread? OursOverPeer);

/// <summary>
/// Times both sides in turn. On a machine shared with others memory bandwidth can change by half within a minute, so
/// only figures of one round are set against each other, and who goes first alternates, so that a drift favours nobody.
/// </summary>
internal sealed class Comparison(LlamaBench peer, MeasureTokensPerSecond? ours, Func<double> readGigabytesPerSecond)
{
    /// <summary>
    /// Repetitions in one peer process, of which the median counts: the first may find its file out of the page cache.
    /// </summary>
    private const int PeerRepetitions = 3;

    public IReadOnlyList<ComparedWork> Run(IReadOnlyList<Workload> works, int rounds, Action<string> progress)
    {
        Round[][] results = [.. works.Select(_ => new Round[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < works.Count; i++)
            {
                progress($"round {round + 1} of {rounds}: {works[i]}");
                results[i][round] = RunOnce(works[i], peerFirst: round % 2 == 0);
            }
        }

        return [.. works.Select((work, i) => Summarise(work, results[i]))];
    }

    private Round RunOnce(Workload work, bool peerFirst)
    {
        double? first = peerFirst ? RunPeer(work) : ours?.Invoke(work);
        double bandwidth = readGigabytesPerSecond();
        double? second = peerFirst ? ours?.Invoke(work) : RunPeer(work);
        return peerFirst ? new Round(bandwidth, first!.Value, second) : new Round(bandwidth, second!.Value, first);
    }

    private double RunPeer(Workload work) => Spread.Of(peer.Measure(work, PeerRepetitions)).Median;

    private static ComparedWork Summarise(Workload work, Round[] rounds)
    {
        bool both = rounds[0].Ours is not null;
        return new ComparedWork(
            work.ToString(),
            Spread.Of([.. rounds.Select(round => round.Bandwidth)]),
            Spread.Of([.. rounds.Select(round => round.Peer)]),
            both ? Spread.Of([.. rounds.Select(round => round.Ours!.Value)]) : null,
            both ? Spread.Of([.. rounds.Select(round => round.Ours!.Value / round.Peer)]) : null);
    }

    private readonly record struct Round(double Bandwidth, double Peer, double? Ours);
}
