namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// Expressions, from the loosest operator to the tightest, with Jinja's own precedences: <c>~</c> binds tighter than
/// <c>+</c>, a filter and a test tighter than any operator, and powers group from the left.
/// </summary>
internal sealed partial class ExpressionParser(TokenStream tokens, Bounds bounds)
{
    /// <summary>An expression; with commas, a tuple of expressions.</summary>
    /// <param name="allowsConditional">Whether <c>a if b else c</c> may stand here; not where an if follows.</param>
    public Expression ParseTuple(bool allowsConditional = true)
    {
        int offset = tokens.Current.Offset;
        Expression first = allowsConditional ? Parse() : ParseOr();
        if (!tokens.Current.IsOperator(","))
        {
            return first;
        }

        List<Expression> items = [first];
        while (tokens.TrySkipOperator(",") && !EndsTuple())
        {
            items.Add(allowsConditional ? Parse() : ParseOr());
        }

        return new SequenceLiteral(offset, [.. items], IsTuple: true);
    }

    /// <summary>A whole expression.</summary>
    public Expression Parse()
    {
        tokens.Enter();
        int offset = tokens.Current.Offset;
        Expression then = ParseOr();
        for (int links = 1; tokens.TrySkipName("if"); links++)
        {
            CheckChain(links);
            Expression condition = ParseOr();
            Expression? otherwise = tokens.TrySkipName("else") ? Parse() : null;
            then = new Conditional(offset, condition, then, otherwise);
        }

        tokens.Leave();
        return then;
    }

    private Expression ParseOr()
    {
        int offset = tokens.Current.Offset;
        Expression left = ParseAnd();
        for (int links = 1; tokens.TrySkipName("or"); links++)
        {
            CheckChain(links);
            left = new Either(offset, IsAnd: false, left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        int offset = tokens.Current.Offset;
        Expression left = ParseNot();
        for (int links = 1; tokens.TrySkipName("and"); links++)
        {
            CheckChain(links);
            left = new Either(offset, IsAnd: true, left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        int offset = tokens.Current.Offset;
        if (!tokens.TrySkipName("not"))
        {
            return ParseComparison();
        }

        tokens.Enter();
        Not negated = new(offset, ParseNot());
        tokens.Leave();
        return negated;
    }

    private Expression ParseComparison()
    {
        int offset = tokens.Current.Offset;
        Expression first = ParseSum();
        List<(string Operator, Expression Operand)> rest = [];
        while (TryTakeComparison() is { } symbol)
        {
            rest.Add((symbol, ParseSum()));
        }

        return rest.Count == 0 ? first : new Comparison(offset, first, [.. rest]);
    }

    private string? TryTakeComparison()
    {
        if (IsOneOf("==", "!=", "<", "<=", ">", ">="))
        {
            return tokens.Take().Text;
        }

        if (tokens.TrySkipName("in"))
        {
            return "in";
        }

        if (tokens.Current.IsName("not") && tokens.Next.IsName("in"))
        {
            tokens.Take();
            tokens.Take();
            return "not in";
        }

        return null;
    }

    private Expression ParseSum()
    {
        int offset = tokens.Current.Offset;
        Expression left = ParseConcatenation();
        for (int links = 1; IsOneOf("+", "-"); links++)
        {
            CheckChain(links);
            left = new Arithmetic(offset, tokens.Take().Text, left, ParseConcatenation());
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        int offset = tokens.Current.Offset;
        Expression first = ParseProduct();
        if (!tokens.Current.IsOperator("~"))
        {
            return first;
        }

        List<Expression> operands = [first];
        while (tokens.TrySkipOperator("~"))
        {
            operands.Add(ParseProduct());
        }

        return new Concatenation(offset, [.. operands]);
    }

    private Expression ParseProduct()
    {
        int offset = tokens.Current.Offset;
        Expression left = ParsePower();
        for (int links = 1; IsOneOf("*", "/", "//", "%"); links++)
        {
            CheckChain(links);
            left = new Arithmetic(offset, tokens.Take().Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        int offset = tokens.Current.Offset;
        Expression left = ParseUnary(takesFilters: true);
        for (int links = 1; tokens.TrySkipOperator("**"); links++)
        {
            CheckChain(links);
            left = new Arithmetic(offset, "**", left, ParseUnary(takesFilters: true));
        }

        return left;
    }

    /// <summary>A sign belongs to what follows it before a filter does: <c>-1|abs</c> is 1.</summary>
    private Expression ParseUnary(bool takesFilters)
    {
        int offset = tokens.Current.Offset;
        Expression operand;
        if (IsOneOf("-", "+"))
        {
            bool negates = tokens.Take().Text == "-";
            tokens.Enter();
            operand = ParseUnary(takesFilters: false);
            operand = negates ? new Negation(offset, operand) : new Identity(offset, operand);
            tokens.Leave();
        }
        else
        {
            operand = ParsePrimary();
        }

        return ParsePostfix(operand, takesFilters);
    }

    private bool IsOneOf(params ReadOnlySpan<string> operators) =>
        tokens.Current.Kind == TokenKind.Operator && operators.Contains(tokens.Current.Text);

    private bool EndsTuple() => tokens.Current.Kind is TokenKind.OutputEnd or TokenKind.StatementEnd
        || tokens.Current.IsOperator(")") || tokens.Current.IsOperator("=") || tokens.Current.IsName("in");

    private void CheckChain(int links)
    {
        if (links > bounds.ChainLength)
        {
            throw new SyntaxFault(
                $"more than the bound of {bounds.ChainLength} operators follow each other", tokens.Current.Offset);
        }
    }
}
