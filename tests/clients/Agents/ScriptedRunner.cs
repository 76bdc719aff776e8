using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Clients.Agents;

/// <summary>
/// A model that says what a script says: the answer to a prompt is a function of the prompt's text. It finds the prompt
/// in its cache, where rows are token ids, so that everything between the API and the step is the real thing.
/// </summary>
internal sealed class ScriptedRunner(
    Tokenizer tokenizer, int vocabularySize, int endOfTurn, int blocks, Func<string, string> script) : StepRunner
{
    private readonly int[] _rows = new int[blocks * Slots];
    private readonly Dictionary<SequenceSampler, Queue<int>> _answers = [];
    private StepLayout? _layout;
    private SampleBatch? _batch;

    /// <summary>Slots in a block.</summary>
    public const int Slots = 64;

    public override int Blocks => blocks;

    public override int BlockSlots => Slots;

    public override int VocabularySize => vocabularySize;

    public override int DraftLength => 0;

    public override string KvIdentity => "script";

    public override void Begin(StepLayout layout, SampleBatch batch) => (_layout, _batch) = (layout, batch);

    public override void Complete()
    {
        (StepLayout layout, SampleBatch batch) = (_layout!, _batch!);
        for (int t = 0; t < layout.TokenCount; t++)
            _rows[layout.Slots[t]] = layout.TokenIds[t];
        for (int s = 0; s < batch.Count; s++)
        {
            int last = layout.LogitRows[batch.FirstRow[s]];
            if (!_answers.TryGetValue(batch.Samplers[s], out Queue<int>? answer))
                _answers[batch.Samplers[s]] = answer = Answer(layout, last);
            int token = answer.Count > 0 ? answer.Dequeue() : endOfTurn;
            batch.Tokens[batch.FirstRow[s]] = new SampledToken(token, float.NaN, null);
            batch.TokenCount[s] = 1;
        }
    }

    public override void Dispose()
    {
    }

    private Queue<int> Answer(StepLayout layout, int last)
    {
        BlockTable table = layout.BlockTables[layout.SequenceOf[last]];
        var prompt = new int[layout.Positions[last] + 1];
        for (int position = 0; position < prompt.Length; position++)
            prompt[position] = _rows[table.SlotOf(position, Slots)];
        string text = tokenizer.Decode(prompt, skipSpecial: false);
        return new Queue<int>(tokenizer.Encode(PromptText.Trusted(script(text))));
    }
}
