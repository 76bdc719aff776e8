using System.Text;

namespace Glm5.Core.Chat.Output;

/// <summary>
/// The answer's form, fed with text and tags. Reasoning is given out to the letter. Content is too, but for line ends
/// right after a tag and white space right before a call: they are layout, and the template drops them when the answer
/// comes back.
/// </summary>
/// <param name="tools">The request's tools; null when it has none: then the tags of calls are text.</param>
/// <param name="startsInReasoning">True when the prompt ended inside of a think block.</param>
internal sealed class OutputMachine(ToolSchemas? tools, bool startsInReasoning)
{
    private readonly StringBuilder _heldSpace = new();

    /// <summary>Reasoning that nothing has closed yet, in case that it was the answer.</summary>
    private readonly StringBuilder _unclosed = new();

    private bool _inReasoning = startsInReasoning;
    private bool _mayBeAnswer = startsInReasoning;
    private bool _hasAnswered;
    private bool _afterTag;
    private ToolCall? _call;
    private int _calls;

    public void Text(string text, List<OutputPart> into)
    {
        if (_call is not null)
        {
            _call.Text(text, into);
            AfterStep(into);
        }
        else if (_inReasoning)
        {
            Reason(text, into);
        }
        else
        {
            Say(text, into);
        }
    }

    public void Tag(OutputTag tag, List<OutputPart> into)
    {
        if (_call is not null)
        {
            bool taken = _call.Tag(tag, into);
            AfterStep(into);
            if (taken)
                return;
        }

        switch (tag)
        {
            case OutputTag.ThinkOpen:
                GiveOutHeld(into);
                _mayBeAnswer = !_hasAnswered;
                _inReasoning = true;
                break;
            case OutputTag.ThinkClose:
                GiveOutHeld(into);
                EndReasoning();
                _afterTag = true;
                break;
            case OutputTag.CallOpen when tools is not null:
                _call = new ToolCall(tools, _calls);
                break;
            default:
                Text(tag.Text(), into);
                break;
        }
    }

    /// <param name="complete">True when the model ended the answer itself, false when it was cut off.</param>
    /// <param name="into">Receives what this completes.</param>
    public void Finish(bool complete, List<OutputPart> into)
    {
        _call?.Finish(complete, into);
        AfterStep(into);
        GiveOutHeld(into);

        // The model skipped the end of its reasoning and ended its turn: what it wrote is the answer. It has been given
        // out as reasoning, which cannot be taken back, so it is given once more.
        if (complete && _mayBeAnswer && _unclosed.ToString() is var answer && !string.IsNullOrWhiteSpace(answer))
            into.Add(new OutputPart(OutputKind.Content, answer));
        EndReasoning();
    }

    private void EndReasoning()
    {
        _inReasoning = false;
        _mayBeAnswer = false;
        _unclosed.Clear();
    }

    /// <summary>Looks at what the call has become.</summary>
    private void AfterStep(List<OutputPart> into)
    {
        if (_call is not { } call)
            return;

        if (call.IsCall)
        {
            EndReasoning();
            _hasAnswered = true;
            _heldSpace.Clear();
        }

        if (!call.IsOver)
            return;

        _call = null;
        if (call.IsCall)
        {
            _calls++;
            _afterTag = true;
        }
        else
        {
            Text(call.Literal, into);
        }
    }

    private void Reason(string text, List<OutputPart> into)
    {
        if (text.Length == 0)
            return;
        if (_mayBeAnswer)
            _unclosed.Append(text);
        into.Add(new OutputPart(OutputKind.Reasoning, text));
    }

    private void Say(string text, List<OutputPart> into)
    {
        if (_afterTag)
        {
            text = text.TrimStart('\r', '\n');
            _afterTag = text.Length == 0;
        }

        string solid = tools is null ? text : text.TrimEnd();
        if (solid.Length > 0)
        {
            into.Add(new OutputPart(OutputKind.Content, _heldSpace + solid));
            _heldSpace.Clear();
            _hasAnswered |= !string.IsNullOrWhiteSpace(solid);
        }

        _heldSpace.Append(text, solid.Length, text.Length - solid.Length);
    }

    private void GiveOutHeld(List<OutputPart> into)
    {
        if (_heldSpace.Length > 0)
            into.Add(new OutputPart(OutputKind.Content, _heldSpace.ToString()));
        _heldSpace.Clear();
    }
}
