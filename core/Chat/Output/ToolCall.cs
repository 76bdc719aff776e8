using System.Buffers;
using System.Text;

namespace Glm5.Core.Chat.Output;

/// <summary>
/// One tool call from behind its opening tag on:
/// <c>NAME (&lt;arg_key&gt;K&lt;/arg_key&gt; &lt;arg_value&gt;V&lt;/arg_value&gt;)* &lt;/tool_call&gt;</c>, with or
/// without line ends between tags. Models mention the tag in prose too, so it is a call only once its name is one.
/// Inside of an open value every tag but the closing one is text.
/// </summary>
internal sealed class ToolCall(ToolSchemas tools, int index)
{
    /// <summary>Characters of the longest function name.</summary>
    public const int LongestName = 256;

    private static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/");

    private readonly StringBuilder _text = new();
    private Place _place = Place.Name;
    private ArgumentWriter? _arguments;
    private bool _holdsClosingTag;
    private bool _isHalf;

    private enum Place
    {
        Name,
        Between,
        Key,
        AfterKey,
        Value,
    }

    /// <summary>True once it is known to be a call; its name has been given out then.</summary>
    public bool IsCall => _arguments is not null;

    /// <summary>
    /// True when nothing more belongs to it; if it is no call, <see cref="Literal"/> is text after all.
    /// </summary>
    public bool IsOver { get; private set; }

    /// <summary>
    /// The text of what is no call, the opening tag included; empty when it was cut off within a function's name.
    /// </summary>
    public string Literal => _isHalf ? "" : OutputTag.CallOpen.Text() + _text;

    public void Text(string text, List<OutputPart> into)
    {
        if (_place == Place.Value)
        {
            GiveOutHeld(into);
            _arguments!.Append(text, into);
        }
        else if (_place is Place.Name or Place.Key)
        {
            _text.Append(text);
            IsOver = _place == Place.Name && !MayBecomeName();
        }
    }

    /// <summary>Takes a tag; false when it belongs to what follows.</summary>
    public bool Tag(OutputTag tag, List<OutputPart> into) => _place switch
    {
        Place.Name => TagInName(tag, into),
        Place.Key => TagInKey(tag, into),
        Place.Value => TagInValue(tag, into),
        _ => TagBetween(tag, into),
    };

    /// <summary>The answer ends here.</summary>
    /// <param name="complete">False when it was cut off.</param>
    /// <param name="into">Receives what this completes.</param>
    public void Finish(bool complete, List<OutputPart> into)
    {
        if (_place == Place.Name && !TryOpen(isForm: false, into))
        {
            IsOver = true;
            _isHalf = !complete && tools.DeclaresFrom(_text.ToString().Trim());
            return;
        }

        // A closing tag of the call with nothing behind it: the value's own was forgotten.
        if (_place == Place.Value && (complete || _holdsClosingTag))
            _arguments!.End(into);
        else if (_place == Place.Value)
            _arguments!.Cut(into);
        Close(into);
    }

    private bool TagInName(OutputTag tag, List<OutputPart> into)
    {
        bool isForm = tag is OutputTag.KeyOpen or OutputTag.CallClose;
        if (!TryOpen(isForm, into))
        {
            IsOver = true;
            return false;
        }

        return TagBetween(tag, into);
    }

    private bool TagBetween(OutputTag tag, List<OutputPart> into)
    {
        switch (tag)
        {
            case OutputTag.KeyOpen:
                _text.Clear();
                _place = Place.Key;
                return true;
            case OutputTag.ValueOpen when _place == Place.AfterKey:
                BeginValue(into);
                return true;
            case OutputTag.CallClose or OutputTag.CallOpen:
                Close(into);
                return tag == OutputTag.CallClose;
            default:
                return true;
        }
    }

    private bool TagInKey(OutputTag tag, List<OutputPart> into)
    {
        switch (tag)
        {
            case OutputTag.KeyClose:
                _place = Place.AfterKey;
                return true;
            case OutputTag.ValueOpen:
                BeginValue(into);
                return true;
            case OutputTag.KeyOpen or OutputTag.CallClose or OutputTag.CallOpen:
                return TagBetween(tag, into);
            default:
                _text.Append(tag.Text());
                return true;
        }
    }

    private bool TagInValue(OutputTag tag, List<OutputPart> into)
    {
        GiveOutHeld(into);
        if (tag == OutputTag.CallClose)
        {
            _holdsClosingTag = true;
        }
        else if (tag == OutputTag.ValueClose)
        {
            _arguments!.End(into);
            _place = Place.Between;
        }
        else
        {
            _arguments!.Append(tag.Text(), into);
        }

        return true;
    }

    private void BeginValue(List<OutputPart> into)
    {
        _arguments!.Begin(_text.ToString().Trim(), into);
        _place = Place.Value;
    }

    private void GiveOutHeld(List<OutputPart> into)
    {
        if (_holdsClosingTag)
            _arguments!.Append(OutputTag.CallClose.Text(), into);
        _holdsClosingTag = false;
    }

    /// <param name="isForm">True when a tag follows that only a call has: then the function need not be known.</param>
    /// <param name="into">Receives the name.</param>
    private bool TryOpen(bool isForm, List<OutputPart> into)
    {
        string written = _text.ToString().Trim('\r', '\n');
        string name = written.Trim();
        if (!MayBecomeName() || !(tools.Declares(name) || (isForm && written.Length > 0 && IsPlain(written))))
            return false;

        into.Add(new OutputPart(OutputKind.ToolCallName, name, index));
        _arguments = new ArgumentWriter(tools, name, index);
        _place = Place.Between;
        return true;
    }

    private void Close(List<OutputPart> into)
    {
        _arguments!.Close(into);
        IsOver = true;
    }

    /// <summary>
    /// False once no text that begins so can be a function's name: it is not declared, and prose about tags puts spaces
    /// around what stands between them.
    /// </summary>
    private bool MayBecomeName()
    {
        if (_text.Length > LongestName)
            return false;
        string text = _text.ToString();
        return IsPlain(text.AsSpan().Trim("\r\n")) || tools.DeclaresFrom(text.Trim());
    }

    private static bool IsPlain(ReadOnlySpan<char> name) => !name.ContainsAnyExcept(s_nameCharacters);
}
