namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// Cuts a template into tokens. White space around tags goes as Hugging Face sets Jinja up: the line break after a
/// statement or comment is dropped (trim_blocks), so is white space that precedes one on its line (lstrip_blocks);
/// <c>-</c> inside of a tag's border strips all white space on that side, <c>+</c> keeps it.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;

    private Lexer(string source) => _source = source;

    /// <exception cref="SyntaxFault">A tag, comment, string or bracket is not closed, or a character begins no
    /// token.</exception>
    public static List<Token> Scan(string source)
    {
        Lexer lexer = new(source);
        lexer.ScanTemplate();
        return lexer._tokens;
    }

    private void ScanTemplate()
    {
        while (_at < _source.Length)
        {
            int tag = FindTag();
            if (tag < 0)
            {
                AddData(_at, _source.Length);
                _at = _source.Length;
                break;
            }

            char sign = tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? _source[tag + 2] : ' ';
            AddDataBefore(tag, sign);
            _at = tag + (sign == ' ' ? 2 : 3);
            switch (_source[tag + 1])
            {
                case '#':
                    SkipComment(tag);
                    break;
                case '%' when !TryScanRaw(tag):
                    Add(TokenKind.StatementBegin, tag);
                    ScanTag(tag, TokenKind.StatementEnd, "%}");
                    break;
                case '{':
                    Add(TokenKind.OutputBegin, tag);
                    ScanTag(tag, TokenKind.OutputEnd, "}}");
                    break;
            }
        }

        Add(TokenKind.End, _source.Length);
    }

    private int FindTag()
    {
        int brace = _source.IndexOf('{', _at);
        while (brace >= 0 && (brace + 1 == _source.Length || _source[brace + 1] is not ('{' or '%' or '#')))
        {
            brace = _source.IndexOf('{', brace + 1);
        }

        return brace;
    }

    private void AddDataBefore(int tag, char sign)
    {
        int end = tag;
        while (end > _at && PythonText.IsSpace(_source[end - 1]) && (sign == '-' || _source[end - 1] != '\n'))
        {
            end--;
        }

        bool startsLine = end == 0 || _source[end - 1] == '\n';
        bool strips = sign == '-' || (sign == ' ' && startsLine && _source[tag + 1] != '{');
        AddData(_at, strips ? end : tag);
    }

    private void SkipComment(int tag)
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new SyntaxFault("this comment is not closed; expected '#}'", tag);
        }

        char sign = end > _at ? _source[end - 1] : ' ';
        _at = end + 2;
        SkipAfterTag(strips: sign == '-', dropsLineBreak: sign != '+');
    }

    /// <summary>A raw block: its text is data, tags and all.</summary>
    private bool TryScanRaw(int tag)
    {
        int at = SkipSpace(_at);
        if (!IsAt(at, "raw"))
        {
            return false;
        }

        at = SkipSpace(at + "raw".Length);
        bool strips = at < _source.Length && _source[at] == '-';
        at += strips ? 1 : 0;
        if (!IsAt(at, "%}"))
        {
            return false;
        }

        _at = at + 2;
        SkipAfterTag(strips, dropsLineBreak: false);
        for (int close = _source.IndexOf("{%", _at, StringComparison.Ordinal); close >= 0;
             close = _source.IndexOf("{%", close + 2, StringComparison.Ordinal))
        {
            if (TryEndRaw(close))
            {
                return true;
            }
        }

        throw new SyntaxFault("this raw block is not closed; expected '{% endraw %}'", tag);
    }

    private bool TryEndRaw(int close)
    {
        char sign = close + 2 < _source.Length && _source[close + 2] is '-' or '+' ? _source[close + 2] : ' ';
        int at = SkipSpace(close + (sign == ' ' ? 2 : 3));
        if (!IsAt(at, "endraw"))
        {
            return false;
        }

        at = SkipSpace(at + "endraw".Length);
        char endSign = at < _source.Length && _source[at] is '-' or '+' ? _source[at] : ' ';
        at += endSign == ' ' ? 0 : 1;
        if (!IsAt(at, "%}"))
        {
            return false;
        }

        AddDataBefore(close, sign);
        _at = at + 2;
        SkipAfterTag(endSign == '-', dropsLineBreak: endSign == ' ');
        return true;
    }

    /// <summary>The tokens of a tag up to its end. Inside of brackets an end is none: <c>{{ {'a': {}} }}</c>.</summary>
    private void ScanTag(int tag, TokenKind endKind, string end)
    {
        Stack<char> open = new();
        while (true)
        {
            _at = SkipSpace(_at);
            if (_at >= _source.Length)
            {
                throw new SyntaxFault($"this tag is not closed; expected '{end}'", tag);
            }

            if (open.Count == 0 && TryEndTag(endKind, end))
            {
                return;
            }

            ScanToken(open);
        }
    }

    private bool TryEndTag(TokenKind endKind, string end)
    {
        char sign = _source[_at] == '-' || (_source[_at] == '+' && endKind == TokenKind.StatementEnd)
            ? _source[_at]
            : ' ';
        int at = _at + (sign == ' ' ? 0 : 1);
        if (!IsAt(at, end))
        {
            return false;
        }

        Add(endKind, _at);
        _at = at + 2;
        SkipAfterTag(sign == '-', dropsLineBreak: sign == ' ' && endKind == TokenKind.StatementEnd);
        return true;
    }

    private void ScanToken(Stack<char> open)
    {
        char first = _source[_at];
        if (char.IsLetter(first) || first == '_')
        {
            int start = _at;
            while (_at < _source.Length && (char.IsLetterOrDigit(_source[_at]) || _source[_at] == '_'))
            {
                _at++;
            }

            _tokens.Add(new Token(TokenKind.Name, _source[start.._at], start));
        }
        else if (char.IsAsciiDigit(first))
        {
            bool afterDot = _at > 0 && _source[_at - 1] == '.';
            _tokens.Add(Literals.Number(_source, ref _at, mayBeFloat: !afterDot));
        }
        else if (first is '\'' or '"')
        {
            _tokens.Add(Literals.String(_source, ref _at));
        }
        else
        {
            ScanOperator(open);
        }
    }

    private void ScanOperator(Stack<char> open)
    {
        string text = _source[_at].ToString();
        if (_at + 1 < _source.Length && _source.AsSpan(_at, 2) is "==" or "!=" or "<=" or ">=" or "//" or "**")
        {
            text = _source.Substring(_at, 2);
        }
        else if (!"+-*/%~[](){}<>=.:|,".Contains(text[0], StringComparison.Ordinal))
        {
            throw new SyntaxFault($"unexpected character '{PythonText.Shown(text)}'", _at);
        }

        Balance(open, text[0]);
        _tokens.Add(new Token(TokenKind.Operator, text, _at));
        _at += text.Length;
    }

    private void Balance(Stack<char> open, char bracket)
    {
        switch (bracket)
        {
            case '(':
                open.Push(')');
                break;
            case '[':
                open.Push(']');
                break;
            case '{':
                open.Push('}');
                break;
            case ')' or ']' or '}':
                if (!open.TryPop(out char expected))
                {
                    throw new SyntaxFault($"unexpected '{bracket}'", _at);
                }

                if (expected != bracket)
                {
                    throw new SyntaxFault($"unexpected '{bracket}'; expected '{expected}'", _at);
                }

                break;
        }
    }

    private void SkipAfterTag(bool strips, bool dropsLineBreak)
    {
        if (strips)
        {
            _at = SkipSpace(_at);
        }
        else if (dropsLineBreak && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
        }
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private bool IsAt(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private void Add(TokenKind kind, int offset) => _tokens.Add(new Token(kind, "", offset));

    private void AddData(int start, int end)
    {
        if (end > start)
        {
            _tokens.Add(new Token(TokenKind.Data, _source[start..end], start));
        }
    }
}
