using System.Globalization;
using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <content>Names, literals and brackets, and what may follow them: attributes, elements, calls, filters and
/// tests.</content>
internal sealed partial class ExpressionParser
{
    private Expression ParsePrimary()
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Take();
                return ParseName(token);
            case TokenKind.String:
                return new Literal(token.Offset, Text.Trusted(TakeStrings()));
            case TokenKind.Integer:
                return TakeInteger();
            case TokenKind.Float:
                tokens.Take();
                return new Literal(token.Offset, new Float(double.Parse(token.Text, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Text is "(" or "[" or "{":
                return ParseBracket(tokens.Take());
            default:
                throw tokens.Expected("an expression");
        }
    }

    /// <summary>
    /// What follows an operand, as far as it belongs to it. After a filter or test comes no more access without
    /// brackets.
    /// </summary>
    private Expression ParsePostfix(Expression operand, bool takesFilters)
    {
        bool mayAccess = true;
        for (int links = 1; ; links++)
        {
            if (links > bounds.ChainLength)
            {
                throw new SyntaxFault(
                    $"more than the bound of {bounds.ChainLength} accesses follow each other", tokens.Current.Offset);
            }

            Token token = tokens.Current;
            if (mayAccess && tokens.TrySkipOperator("."))
            {
                operand = ParseAttribute(operand, token.Offset);
            }
            else if (mayAccess && tokens.TrySkipOperator("["))
            {
                operand = ParseElement(operand, token.Offset);
            }
            else if (token.IsOperator("("))
            {
                operand = new Call(token.Offset, operand, ParseArguments());
            }
            else if (takesFilters && tokens.TrySkipOperator("|"))
            {
                operand = ParseFilter(operand);
                mayAccess = false;
            }
            else if (takesFilters && tokens.TrySkipName("is"))
            {
                operand = ParseTest(operand, token.Offset);
                mayAccess = false;
            }
            else
            {
                return operand;
            }
        }
    }

    /// <summary>A filter's name and arguments; the bar before it is taken.</summary>
    public FilterCall ParseFilter(Expression subject)
    {
        Token name = tokens.Expect(TokenKind.Name, "a filter's name");
        Operation filter = Filters.Find(name.Text)
            ?? throw new SyntaxFault($"there is no filter named '{name.Text}'", name.Offset);
        return new FilterCall(name.Offset, filter, subject, TryParseArguments());
    }

    public ArgumentNodes ParseArguments()
    {
        tokens.ExpectOperator("(");
        List<Expression> positional = [];
        List<(string Name, Expression Value)> named = [];
        while (!tokens.TrySkipOperator(")"))
        {
            if (positional.Count + named.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.TrySkipOperator(")"))
                {
                    break;
                }
            }

            ParseArgument(positional, named);
        }

        return new ArgumentNodes([.. positional], [.. named]);
    }

    private void ParseArgument(List<Expression> positional, List<(string Name, Expression Value)> named)
    {
        Token token = tokens.Current;
        if (token.IsOperator("*") || token.IsOperator("**"))
        {
            throw new SyntaxFault($"arguments unpacked by '{token.Text}' are not supported", token.Offset);
        }

        if (token.Kind == TokenKind.Name && tokens.Next.IsOperator("="))
        {
            tokens.Take();
            tokens.Take();
            if (named.Exists(n => n.Name == token.Text))
            {
                throw new SyntaxFault($"the argument '{token.Text}' is given twice", token.Offset);
            }

            named.Add((token.Text, Parse()));
        }
        else if (named.Count > 0)
        {
            throw new SyntaxFault("expected a named argument: no unnamed one may follow a named one", token.Offset);
        }
        else
        {
            positional.Add(Parse());
        }
    }

    private ArgumentNodes TryParseArguments() =>
        tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentNodes.Empty;

    private static Expression ParseName(Token token) => token.Text switch
    {
        "true" or "True" => new Literal(token.Offset, Truth.True),
        "false" or "False" => new Literal(token.Offset, Truth.False),
        "none" or "None" => new Literal(token.Offset, None.Instance),
        _ => new Name(token.Offset, token.Text),
    };

    private Literal TakeInteger()
    {
        Token token = tokens.Take();
        return new Literal(token.Offset, Integer.Of(BigInteger.Parse(token.Text, CultureInfo.InvariantCulture)));
    }

    /// <summary>Adjacent string literals are one.</summary>
    private string TakeStrings()
    {
        string text = tokens.Take().Text;
        if (tokens.Current.Kind != TokenKind.String)
        {
            return text;
        }

        List<string> parts = [text];
        while (tokens.Current.Kind == TokenKind.String)
        {
            parts.Add(tokens.Take().Text);
        }

        return string.Concat(parts);
    }

    private Expression ParseBracket(Token open)
    {
        switch (open.Text)
        {
            case "(":
                if (tokens.TrySkipOperator(")"))
                {
                    return new SequenceLiteral(open.Offset, [], IsTuple: true);
                }

                Expression inner = ParseTuple();
                tokens.ExpectOperator(")");
                return inner;
            case "[":
                return new SequenceLiteral(open.Offset, ParseItems(), IsTuple: false);
            default:
                return new DictLiteral(open.Offset, ParsePairs());
        }
    }

    private Expression[] ParseItems()
    {
        List<Expression> items = [];
        while (!tokens.TrySkipOperator("]"))
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.TrySkipOperator("]"))
                {
                    break;
                }
            }

            items.Add(Parse());
        }

        return [.. items];
    }

    private (Expression Key, Expression Value)[] ParsePairs()
    {
        List<(Expression Key, Expression Value)> pairs = [];
        while (!tokens.TrySkipOperator("}"))
        {
            if (pairs.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.TrySkipOperator("}"))
                {
                    break;
                }
            }

            Expression key = Parse();
            tokens.ExpectOperator(":");
            pairs.Add((key, Parse()));
        }

        return [.. pairs];
    }

    private Expression ParseAttribute(Expression subject, int offset)
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Take();
                return new AttributeAccess(offset, subject, token.Text);
            case TokenKind.Integer:
                return new ItemAccess(offset, subject, TakeInteger());
            default:
                throw tokens.Expected("an attribute's name");
        }
    }

    private Expression ParseElement(Expression subject, int offset)
    {
        Expression? start = tokens.Current.IsOperator(":") ? null : Parse();
        Expression element;
        if (start is not null && !tokens.Current.IsOperator(":"))
        {
            element = new ItemAccess(offset, subject, start);
        }
        else
        {
            tokens.ExpectOperator(":");
            Expression? stop = EndsSlicePart() ? null : Parse();
            Expression? stride = tokens.TrySkipOperator(":") && !EndsSlicePart() ? Parse() : null;
            element = new SliceAccess(offset, subject, start, stop, stride);
        }

        tokens.ExpectOperator("]");
        return element;
    }

    private bool EndsSlicePart() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]");

    private Expression ParseTest(Expression subject, int offset)
    {
        bool negates = tokens.TrySkipName("not");
        Token name = tokens.Expect(TokenKind.Name, "a test's name");
        Test test = Tests.Find(name.Text)
            ?? throw new SyntaxFault($"there is no test named '{name.Text}'", name.Offset);
        ArgumentNodes arguments = tokens.Current.IsOperator("(") ? ParseArguments()
            : BeginsOperand() ? new ArgumentNodes([ParseBareArgument()], [])
            : ArgumentNodes.Empty;
        if (arguments == ArgumentNodes.Empty && tokens.Current.IsName("is"))
        {
            throw new SyntaxFault("a test cannot follow a test; put the first into brackets", tokens.Current.Offset);
        }

        TestCall call = new(offset, test, subject, arguments);
        return negates ? new Not(offset, call) : call;
    }

    /// <summary>A test's single argument may go without brackets: <c>x is divisibleby 3</c>.</summary>
    private Expression ParseBareArgument()
    {
        tokens.Enter();
        Expression argument = ParsePostfix(ParsePrimary(), takesFilters: false);
        tokens.Leave();
        return argument;
    }

    private bool BeginsOperand()
    {
        Token token = tokens.Current;
        return token.Kind switch
        {
            TokenKind.Name => token.Text is not ("else" or "or" or "and" or "if" or "is" or "in" or "not"),
            TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
            _ => token.IsOperator("[") || token.IsOperator("{"),
        };
    }
}
