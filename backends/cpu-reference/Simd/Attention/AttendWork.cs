namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>Attention of many tokens: a piece is a token, with a scratch area a worker.</summary>
internal unsafe struct AttendTokens(TokenAttention attention, float* scratch, int rows) : IWork
{
    private readonly long _floats = AttendScratch.Floats(attention.Dims, rows);

    public readonly void Run(int piece, int worker)
    {
        var area = new AttendScratch(scratch + (worker * _floats), attention.Dims, rows);
        int count = attention.FindSlots(piece, area.Slots);
        for (int panel = 0; panel < area.Panels.Count; panel++)
            attention.LayOut(piece, area, panel);
        attention.Multiply(area, 0, count);
        for (int panel = 0; panel < area.Panels.Count; panel++)
            TokenAttention.Normalize(area, count, panel);
        attention.Sum(piece, area, count, 0, attention.Dims.Latent);
    }
}

/// <summary>Attention of one token cut over all workers: the same stages one after another, each in pieces.</summary>
internal unsafe struct AttendOne(TokenAttention attention, AttendScratch scratch, int token) : IWork
{
    /// <summary>Cached rows of a piece, whole tiles.</summary>
    private const int Rows = 64;

    /// <summary>Latent columns of a piece, four of the widest vectors.</summary>
    private const int Columns = 64;

    private int _count;
    private Stage _stage;

    private enum Stage
    {
        /// <summary>A piece is the queries of a panel.</summary>
        Queries,

        /// <summary>A piece is a range of rows.</summary>
        Logits,

        /// <summary>A piece is the heads of a panel.</summary>
        Softmax,

        /// <summary>A piece is a range of latent columns.</summary>
        Values,
    }

    /// <summary>Runs all stages. The struct must be a local of the caller.</summary>
    public static void Run(ref AttendOne one, WorkerTeam team)
    {
        one.Prepare();
        int panels = one.Panels, rows = (one._count + Rows - 1) / Rows;
        one._stage = Stage.Queries;
        team.Run(ref one, panels);
        one._stage = Stage.Logits;
        team.Run(ref one, rows);
        one._stage = Stage.Softmax;
        team.Run(ref one, panels);
        one._stage = Stage.Values;
        team.Run(ref one, one.ColumnPieces);
    }

    public readonly void Run(int piece, int worker)
    {
        switch (_stage)
        {
            case Stage.Queries:
                attention.LayOut(token, scratch, piece);
                break;
            case Stage.Logits:
                attention.Multiply(scratch, piece * Rows, Math.Min((piece + 1) * Rows, _count));
                break;
            case Stage.Softmax:
                TokenAttention.Normalize(scratch, _count, piece);
                break;
            default:
                int end = Math.Min((piece + 1) * Columns, attention.Dims.Latent);
                attention.Sum(token, scratch, _count, piece * Columns, end);
                break;
        }
    }

    private readonly int Panels => scratch.Panels.Count;

    private readonly int ColumnPieces => (attention.Dims.Latent + Columns - 1) / Columns;

    private void Prepare() => _count = attention.FindSlots(token, scratch.Slots);
}
