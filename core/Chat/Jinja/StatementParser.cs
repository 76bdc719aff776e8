namespace Glm5.Core.Chat.Jinja;

/// <summary>Statements: a template from its tokens.</summary>
internal sealed class StatementParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private StatementParser(TokenStream tokens, Bounds bounds)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens, bounds);
    }

    /// <exception cref="SyntaxFault">The tokens are no template, or one outside of the subset.</exception>
    public static Statement[] Parse(List<Token> tokens, Bounds bounds)
    {
        TokenStream stream = new(tokens, bounds.ParseDepth);
        StatementParser parser = new(stream, bounds);
        Statement[] body = parser.ParseBody(opener: null);
        return stream.Current.Kind == TokenKind.End
            ? body
            : throw new SyntaxFault($"nothing is open that '{stream.Next.Text}' could belong to", stream.Next.Offset);
    }

    /// <summary>
    /// Statements up to a tag that ends or divides the block they are in; that tag is left to the caller.
    /// </summary>
    /// <param name="opener">The tag that opened the block; null for the template.</param>
    private Statement[] ParseBody(Token? opener, params ReadOnlySpan<string> ends)
    {
        _tokens.Enter();
        List<Statement> body = [];
        while (true)
        {
            Token token = _tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new DataStatement(token.Offset, Text.Trusted(_tokens.Take().Text)));
                    break;
                case TokenKind.OutputBegin:
                    body.Add(ParseOutput());
                    break;
                case TokenKind.StatementBegin when IsEnd(_tokens.Next):
                    CheckEnd(opener, ends);
                    _tokens.Leave();
                    return [.. body];
                case TokenKind.StatementBegin:
                    _tokens.Take();
                    body.Add(ParseStatement());
                    break;
                default:
                    CheckEnd(opener, ends);
                    _tokens.Leave();
                    return [.. body];
            }
        }
    }

    private static bool IsEnd(Token token) => token.Kind == TokenKind.Name
        && (token.Text is "elif" or "else" || token.Text.StartsWith("end", StringComparison.Ordinal));

    private void CheckEnd(Token? opener, ReadOnlySpan<string> ends)
    {
        if (opener is not { } tag
            || (_tokens.Current.Kind == TokenKind.StatementBegin && ends.Contains(_tokens.Next.Text)))
        {
            return;
        }

        bool isOver = _tokens.Current.Kind == TokenKind.End;
        string expected = string.Join("' or '", ends.ToArray());
        throw isOver
            ? new SyntaxFault($"this '{tag.Text}' is not closed; expected '{expected}'", tag.Offset)
            : new SyntaxFault($"expected '{expected}', got {_tokens.Next.Description}", _tokens.Next.Offset);
    }

    private OutputStatement ParseOutput()
    {
        int offset = _tokens.Take().Offset;
        Expression expression = _expressions.ParseTuple();
        _tokens.Expect(TokenKind.OutputEnd, "'}}'");
        return new OutputStatement(offset, expression);
    }

    private Statement ParseStatement()
    {
        Token tag = _tokens.Expect(TokenKind.Name, "a statement's name");
        switch (tag.Text)
        {
            case "if":
                return ParseIf(tag);
            case "for":
                return ParseFor(tag);
            case "set":
                return ParseSet(tag);
            case "macro":
                return ParseMacro(tag);
            case "call":
                return ParseCall(tag);
            case "filter":
                return ParseFilterBlock(tag);
            case "with":
                return ParseWith(tag);
            case "generation":
                return ParseGeneration(tag);
            case "break" or "continue":
                return ParseJump(tag);
            case "include" or "import" or "from" or "extends" or "block" or "autoescape" or "do" or "trans" or "debug":
                throw new SyntaxFault($"the statement '{tag.Text}' is not supported in chat templates", tag.Offset);
            default:
                throw new SyntaxFault($"there is no statement named '{tag.Text}'", tag.Offset);
        }
    }

    private IfStatement ParseIf(Token tag)
    {
        List<(Expression? Condition, Statement[] Body)> branches = [];
        Expression? condition = _expressions.ParseTuple(allowsConditional: false);
        while (true)
        {
            EndTag();
            bool isElse = condition is null;
            Statement[] body = isElse ? ParseBody(tag, "endif") : ParseBody(tag, "elif", "else", "endif");
            branches.Add((condition, body));
            string divider = TakeDivider();
            if (divider == "endif")
            {
                EndTag();
                return new IfStatement(tag.Offset, [.. branches]);
            }

            condition = divider == "elif" ? _expressions.ParseTuple(allowsConditional: false) : null;
        }
    }

    private ForStatement ParseFor(Token tag)
    {
        Target target = ParseTargets(allowsAttribute: false);
        _tokens.ExpectName("in");
        Expression source = _expressions.ParseTuple(allowsConditional: false);
        Expression? filter = _tokens.TrySkipName("if") ? _expressions.Parse() : null;
        if (_tokens.Current.IsName("recursive"))
        {
            throw new SyntaxFault("recursive loops are not supported", _tokens.Current.Offset);
        }

        EndTag();
        _loops++;
        Statement[] body = ParseBody(tag, "else", "endfor");
        _loops--;
        Statement[] otherwise = [];
        if (TakeDivider() == "else")
        {
            EndTag();
            otherwise = ParseBody(tag, "endfor");
            TakeDivider();
        }

        EndTag();
        return new ForStatement(tag.Offset, target, source, filter, body, otherwise);
    }

    private SetStatement ParseSet(Token tag)
    {
        Target target = ParseTargets(allowsAttribute: true);
        if (_tokens.TrySkipOperator("="))
        {
            Expression value = _expressions.ParseTuple();
            EndTag();
            return new SetStatement(tag.Offset, target, value);
        }

        return new SetStatement(tag.Offset, target, ParseFiltered(tag, "endset"));
    }

    private OutputStatement ParseFilterBlock(Token tag)
    {
        FilterCall first = _expressions.ParseFilter(new BodyText(tag.Offset, []));
        return new OutputStatement(tag.Offset, ParseFiltered(tag, "endfilter", first));
    }

    /// <summary>Filters, if any, then a body: what the body writes, through the filters.</summary>
    private Expression ParseFiltered(Token tag, string end, FilterCall? first = null)
    {
        List<FilterCall> filters = first is null ? [] : [first];
        while (_tokens.TrySkipOperator("|"))
        {
            filters.Add(_expressions.ParseFilter(new BodyText(tag.Offset, [])));
        }

        Expression written = new BodyText(tag.Offset, ParseOwnBody(tag, end));
        foreach (FilterCall filter in filters)
        {
            written = filter with { Subject = written };
        }

        return written;
    }

    private MacroStatement ParseMacro(Token tag)
    {
        string name = _tokens.Expect(TokenKind.Name, "a macro's name").Text;
        (string Name, Expression? Default)[] parameters = ParseParameters();
        return new MacroStatement(tag.Offset, name, new MacroDefinition(parameters, ParseOwnBody(tag, "endmacro")));
    }

    private CallStatement ParseCall(Token tag)
    {
        (string Name, Expression? Default)[] parameters = _tokens.Current.IsOperator("(") ? ParseParameters() : [];
        int offset = _tokens.Current.Offset;
        if (_expressions.Parse() is not Call call)
        {
            throw new SyntaxFault("expected the call of a macro", offset);
        }

        return new CallStatement(tag.Offset, call, new MacroDefinition(parameters, ParseOwnBody(tag, "endcall")));
    }

    private (string Name, Expression? Default)[] ParseParameters()
    {
        _tokens.ExpectOperator("(");
        List<(string Name, Expression? Default)> parameters = [];
        while (!_tokens.TrySkipOperator(")"))
        {
            if (parameters.Count > 0)
            {
                _tokens.ExpectOperator(",");
            }

            Token name = _tokens.Expect(TokenKind.Name, "a parameter's name");
            Expression? standIn = _tokens.TrySkipOperator("=") ? _expressions.Parse() : null;
            if (standIn is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw new SyntaxFault("expected a default: one without cannot follow one that has it", name.Offset);
            }

            parameters.Add((name.Text, standIn));
        }

        return [.. parameters];
    }

    private WithStatement ParseWith(Token tag)
    {
        List<(Target Target, Expression Value)> variables = [];
        while (_tokens.Current.Kind != TokenKind.StatementEnd)
        {
            if (variables.Count > 0)
            {
                _tokens.ExpectOperator(",");
            }

            Target target = ParseTarget(allowsAttribute: false);
            _tokens.ExpectOperator("=");
            variables.Add((target, _expressions.Parse()));
        }

        EndTag();
        Statement[] body = ParseBody(tag, "endwith");
        TakeDivider();
        EndTag();
        return new WithStatement(tag.Offset, [.. variables], body);
    }

    /// <summary>Hugging Face's mark around what the assistant says, for training: here it is only its body.</summary>
    private WithStatement ParseGeneration(Token tag)
    {
        EndTag();
        Statement[] body = ParseBody(tag, "endgeneration");
        TakeDivider();
        EndTag();
        return new WithStatement(tag.Offset, [], body);
    }

    private Statement ParseJump(Token tag)
    {
        if (_loops == 0)
        {
            throw new SyntaxFault($"'{tag.Text}' stands outside of a loop", tag.Offset);
        }

        EndTag();
        return tag.Text == "break" ? new BreakStatement(tag.Offset) : new ContinueStatement(tag.Offset);
    }

    /// <summary>A body that yields a text: loops around it are not its own to leave.</summary>
    private Statement[] ParseOwnBody(Token tag, string end)
    {
        int loops = _loops;
        _loops = 0;
        EndTag();
        Statement[] body = ParseBody(tag, end);
        TakeDivider();
        EndTag();
        _loops = loops;
        return body;
    }

    /// <summary>One target, or several parted by commas.</summary>
    private Target ParseTargets(bool allowsAttribute)
    {
        Target first = ParseTarget(allowsAttribute);
        if (!_tokens.Current.IsOperator(","))
        {
            return first;
        }

        List<Target> parts = [first];
        while (_tokens.TrySkipOperator(",") && !_tokens.Current.IsName("in") && !_tokens.Current.IsOperator("="))
        {
            parts.Add(ParseTarget(allowsAttribute));
        }

        return new TupleTarget([.. parts]);
    }

    private Target ParseTarget(bool allowsAttribute)
    {
        if (_tokens.TrySkipOperator("("))
        {
            _tokens.Enter();
            Target inner = ParseTargets(allowsAttribute);
            _tokens.ExpectOperator(")");
            _tokens.Leave();
            return inner;
        }

        Token name = _tokens.Expect(TokenKind.Name, "a variable's name");
        if (name.Text is "true" or "false" or "none" or "True" or "False" or "None" or "in")
        {
            throw new SyntaxFault($"expected a variable's name; '{name.Text}' cannot be assigned to", name.Offset);
        }

        return allowsAttribute && _tokens.TrySkipOperator(".")
            ? new AttributeTarget(name.Text, _tokens.Expect(TokenKind.Name, "an attribute's name").Text)
            : new NameTarget(name.Text);
    }

    private string TakeDivider()
    {
        _tokens.Expect(TokenKind.StatementBegin, "'{%'");
        return _tokens.Take().Text;
    }

    private void EndTag() => _tokens.Expect(TokenKind.StatementEnd, "'%}'");
}
