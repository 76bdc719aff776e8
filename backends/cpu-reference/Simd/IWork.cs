namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Work in pieces that may run in any order, on any worker, at the same time.</summary>
internal interface IWork
{
    /// <summary>Does one piece, on one of the team's workers; 0 is the one that called <see cref="WorkerTeam.Run"/>.</summary>
    void Run(int piece, int worker);
}
