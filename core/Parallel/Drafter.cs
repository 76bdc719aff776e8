using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Sampling;

namespace Glm5.Core.Parallel;

/// <summary>
/// Runs the draft layer behind a step, on one rank (specification, sections 4.2 and 4.3). First it catches up over the
/// step's tokens with the main model's hidden states, so that its cache holds what it would without speculation; what
/// chaining had written there is overwritten. Then it chains: each draft and the hidden state it came from give the
/// next.
/// </summary>
/// <remarks>
/// Every rank has the whole logits and takes their argmax itself, so the chosen tokens alone have to be handed over
/// between ranks, by a batch that all of them read. Used by the rank's thread alone.
/// </remarks>
internal sealed class Drafter(IAccelerator accelerator, Glm5Model model, KvStore kv)
{
    private readonly BlockOps _ops = accelerator.Ops;
    private readonly DraftChoice? _choice =
        model.SharesDraftChoice ? new DraftChoice(accelerator.Memory, model.IndexTopK) : null;

    private StepLayout _layout = new(0, 0, 1);

    /// <summary>[tokens of the layout] the row of the incoming state that feeds each.</summary>
    private int[] _stateRows = [];

    /// <summary>[rows of logits] the chain that each belongs to.</summary>
    private int[] _chainOf = [];

    /// <summary>[rows of logits] their argmax.</summary>
    private int[] _best = [];

    /// <summary>[sequences of the batch] what is drafted for each.</summary>
    private Chain[] _chains = [];

    /// <summary>
    /// Drafts behind a step whose tokens are chosen. hidden [tokens, hidden] is the main model's state after the final
    /// norm.
    /// </summary>
    /// <param name="step">The step.</param>
    /// <param name="batch">Its chosen tokens.</param>
    /// <param name="hidden">Its hidden states.</param>
    /// <param name="answers">True on the rank that writes the drafts into the batch.</param>
    public void Run(StepLayout step, SampleBatch batch, Tensor hidden, bool answers)
    {
        MakeRoom(step);
        using ActivationArena.Scope scope = _ops.Arena.Open();
        Tensor carried = _ops.Arena.Take(ElementType.F32, step.SequenceCount, hidden[1]);
        if (batch.PeerDrafts > 0)
            _ops.Fill(carried, 0); // Padding computes with rows that no sequence has written.
        LayOutCatchUp(step, batch);
        RunLayer(hidden, carried, isFirst: true);
        for (int drafted = 1; _layout.LogitRowCount > 0 || drafted < batch.PeerDrafts; drafted++)
        {
            LayOutChained(drafted, batch, answers);
            if (_layout.TokenCount == 0 && drafted >= batch.PeerDrafts)
                return;
            if (_layout.TokenCount == 0)
                LayOutPadding();
            RunLayer(carried, carried, isFirst: false);
        }
    }

    /// <summary>The group's chains have ended, and those of another have not.</summary>
    private void LayOutPadding()
    {
        _layout.AddPadding();
        _stateRows[0] = 0;
    }

    private void MakeRoom(StepLayout step)
    {
        if (_layout.MaxTokens >= step.MaxTokens && _layout.MaxSequences >= step.MaxSequences)
            return;
        _layout = new StepLayout(step.MaxTokens, step.MaxSequences, step.BlockSlots);
        _stateRows = new int[step.MaxTokens];
        (_chainOf, _best, _chains) = (new int[step.MaxSequences], new int[step.MaxSequences], new Chain[step.MaxSequences]);
        _choice?.MakeRoom(step.MaxSequences);
    }

    /// <summary>
    /// One pass over the layout. Leaves the argmax of every row of logits in <see cref="_best"/>, and the state behind
    /// it in <paramref name="carried"/>, which may be <paramref name="state"/>.
    /// </summary>
    private void RunLayer(Tensor state, Tensor carried, bool isFirst)
    {
        using ActivationArena.Scope scope = _ops.Arena.Open();
        int tokens = _layout.TokenCount, rows = _layout.LogitRowCount;
        Tensor indices = _ops.Arena.Take(ElementType.I32, tokens);
        Tensor fed = _ops.Arena.Take(ElementType.F32, tokens, state[1]);
        accelerator.Memory.Upload(MemoryMarshal.AsBytes(_stateRows.AsSpan(0, tokens)), indices);
        _ops.GatherRows(state, indices, fed);

        StepPlan plan = accelerator.Plan(_layout);
        bool shares = _choice is not null && !isFirst;
        Selection selection = shares ? _choice!.Give(_layout, _ops.Arena) : model.NewSelection(_layout);
        ForwardResult result = model.Draft(plan, kv, plan.TokenIds, fed, selection, chooses: !shares);
        if (isFirst)
            KeepChoice(selection);
        if (rows == 0)
            return;
        Tensor best = _ops.Arena.Take(ElementType.I32, rows);
        _ops.ArgMax(result.Logits, best);
        _ops.GatherRows(result.Hidden, plan.LogitRows, carried.Slice(0, rows));
        accelerator.Memory.Download(best, MemoryMarshal.AsBytes(_best.AsSpan(0, rows)));
    }

    private void KeepChoice(Selection selection)
    {
        for (int row = 0; row < _layout.LogitRowCount && _choice is not null; row++)
        {
            int token = _layout.LogitRows[row];
            _choice.Keep(_chainOf[row], selection, token, _layout.Positions[token]);
        }
    }

    /// <summary>The step's tokens but the drafts that were not accepted, each with the token behind it.</summary>
    private void LayOutCatchUp(StepLayout step, SampleBatch batch)
    {
        _layout.Clear();
        int sampled = 0;
        for (int s = 0; s < step.SequenceCount; s++)
        {
            int first = step.QueryStart[s], end = step.QueryStart[s + 1], after = step.TokenAfter[s];
            bool samples = after == StepLayout.ChosenByStep, drafts = false;
            if (samples)
            {
                int row = batch.FirstRow[sampled], gained = batch.TokenCount[sampled];
                end -= batch.FirstRow[sampled + 1] - row - gained;
                after = batch.Tokens[row + gained - 1].Token;
                drafts = BeginChain(sampled++, step.BlockTables[s], step.Positions[end - 1], batch);
            }

            AddCatchUp(step, s, first, end, after, drafts);
        }
    }

    private void AddCatchUp(StepLayout step, int sequence, int first, int end, int after, bool drafts)
    {
        _layout.AddSequence(step.BlockTables[sequence], after);
        for (int token = first; token < end; token++)
        {
            _stateRows[_layout.TokenCount] = token;
            bool isLast = token == end - 1;
            _layout.AddToken(isLast ? after : step.TokenIds[token + 1], step.Positions[token], isLast && drafts);
        }
    }

    /// <summary>
    /// Notes a sequence's chain behind its last computed position; false when nothing is to be drafted.
    /// </summary>
    private bool BeginChain(int sampled, BlockTable blocks, int position, SampleBatch batch)
    {
        int slotsBehind = (blocks.Count * _layout.BlockSlots) - position;
        int length = Math.Min(batch.NextDraftRoom(sampled), slotsBehind);
        if (length <= 0)
            return false;
        _chainOf[_layout.LogitRowCount] = sampled;
        _chains[sampled] = new Chain(blocks, position, length);
        return true;
    }

    /// <summary>The drafts found last, as the input of those that follow; chains that are long enough end.</summary>
    private void LayOutChained(int drafted, SampleBatch batch, bool answers)
    {
        int rows = _layout.LogitRowCount;
        _layout.Clear();
        for (int row = 0; row < rows; row++)
        {
            int sampled = _chainOf[row];
            Chain chain = _chains[sampled];
            if (answers)
                batch.AddNextDraft(sampled, _best[row]);
            if (drafted == chain.Length)
                continue;
            int token = _layout.TokenCount;
            (_stateRows[token], _chainOf[token]) = (row, sampled);
            _layout.AddSequence(chain.Blocks, _best[row]);
            _layout.AddToken(_best[row], chain.Position + drafted, wantsLogits: true);
            _choice?.Write(sampled, chain.Position + drafted, token);
        }
    }

    /// <summary>What is drafted for a sequence.</summary>
    /// <param name="Blocks">Its blocks.</param>
    /// <param name="Position">Its last computed position.</param>
    /// <param name="Length">Drafts wanted.</param>
    private readonly record struct Chain(BlockTable Blocks, int Position, int Length);
}
