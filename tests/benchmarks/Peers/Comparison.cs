using Glm5.Benchmarks.Machine;

namespace Glm5.Benchmarks.Peers;

/// <summary>Runs a workload once and returns tokens per second. Opened once, called many times, idle between calls.</summary>
internal delegate double MeasureTokensPerSecond(Workload work);

/// <summary>One workload's outcome.</summary>
/// <param name="Work">The workload in words.</param>
/// <param name="Peer">The peer's tokens per second.</param>
/// <param name="Ours">Our tokens per second; null when only the peer was measured.</param>
/// <param name="Ratio">Ours over the peer's, formed within each round before it is summarised: above 1 we are faster.</param>
internal sealed record ComparedWork(string Work, Spread Peer, Spread? Ours, Spread? Ratio);

/// <summary>
/// Times both sides in turn. Memory bandwidth of shared machines moves by a tenth between runs, so only figures of one round are set
/// against each other, and who goes first alternates, so that a drift favours nobody.
/// </summary>
internal sealed class Comparison(LlamaBench peer, MeasureTokensPerSecond? ours)
{
    /// <summary>Repetitions in one peer process: its load and cache filling are long, a repetition is short.</summary>
    private const int PeerRepetitions = 2;

    public IReadOnlyList<ComparedWork> Run(IReadOnlyList<Workload> works, int rounds, Action<string> progress)
    {
        double[,] peerRates = new double[works.Count, rounds];
        double[,] ourRates = new double[works.Count, rounds];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < works.Count; i++)
            {
                progress($"round {round + 1} of {rounds}: {works[i]}");
                (peerRates[i, round], ourRates[i, round]) = RunOnce(works[i], peerFirst: round % 2 == 0);
            }
        }

        return [.. works.Select((work, i) => Summarise(work, Row(peerRates, i), Row(ourRates, i)))];
    }

    private (double Peer, double Ours) RunOnce(Workload work, bool peerFirst)
    {
        double early = peerFirst ? 0 : RunOurs(work);
        double peerRate = Spread.Of(peer.Measure(work, PeerRepetitions)).Median;
        return (peerRate, peerFirst ? RunOurs(work) : early);
    }

    private double RunOurs(Workload work) => ours is null ? 0 : ours(work);

    private ComparedWork Summarise(Workload work, double[] peerRates, double[] ourRates) =>
        ours is null
            ? new ComparedWork(work.ToString(), Spread.Of(peerRates), null, null)
            : new ComparedWork(
                work.ToString(),
                Spread.Of(peerRates),
                Spread.Of(ourRates),
                Spread.Of([.. ourRates.Zip(peerRates, (own, other) => own / other)]));

    private static double[] Row(double[,] rates, int row) =>
        [.. Enumerable.Range(0, rates.GetLength(1)).Select(round => rates[row, round])];
}
