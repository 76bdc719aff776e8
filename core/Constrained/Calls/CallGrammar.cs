using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Automaton;
using Glm5.Core.Constrained.Schemas;

namespace Glm5.Core.Constrained.Calls;

/// <summary>
/// Tool calls as GLM-5 writes them:
/// <c>&lt;tool_call&gt;NAME&lt;arg_key&gt;K&lt;/arg_key&gt;&lt;arg_value&gt;V&lt;/arg_value&gt;…&lt;/tool_call&gt;</c>,
/// the tags being tokens that text cannot spell. Strings stand as they are, other values as JSON: what the grammar lets
/// through reads back as arguments that satisfy the schema.
/// </summary>
internal sealed class CallGrammar
{
    private readonly CallForm _form;
    private readonly ToolSchemas _tools;
    private readonly GrammarBuilder _builder = new();
    private readonly JsonRules _json;

    private CallGrammar(CallForm form)
    {
        (_form, _tools, _json) = (form, new ToolSchemas(form.Tools), new JsonRules(_builder));
    }

    /// <summary>The grammar of whole answers.</summary>
    /// <exception cref="GrammarException">A strict tool's schema cannot be held to, no function has the name, or it is all
    /// too large.</exception>
    public static Grammar Of(CallForm form) => new CallGrammar(form).Build();

    private Grammar Build()
    {
        var names = new List<string>();
        foreach (string function in _tools.Parameters.Keys)
        {
            if (_form.Function is null || _form.Function == function)
                names.Add(function);
        }

        if (names.Count == 0)
            throw new GrammarException("", $"no tool is called '{_form.Function}'");
        int root = _builder.NewRule(), call = Call(names);
        GrammarRule answer = _builder.Rules[root];
        if (_form.IsRequired)
            _builder.Repeat(answer.First, call, 1, _form.AllowsSeveral ? GrammarEdge.NoEnd : 1, answer.Last);
        else
            Text(call, answer.First, answer.Last);
        return _builder.Build(root);
    }

    /// <summary>Text with calls in it; where one call is all there may be, it ends the answer.</summary>
    private void Text(int call, int from, int to)
    {
        int text = _builder.NewState();
        _builder.Empty(from, text);
        _builder.Empty(text, to);
        _builder.Repeat(text, _json.RawCharacter, 1, GrammarEdge.NoEnd, text);
        _builder.Call(text, call, _form.AllowsSeveral ? text : to);
    }

    /// <summary>The rule of one call of any of some functions.</summary>
    private int Call(List<string> names)
    {
        GrammarRule rule = _builder.Rules[_builder.NewRule()];
        int number = _builder.Rules.Count - 1, open = _builder.NewState(), close = _builder.NewState();
        _builder.Tag(rule.First, OutputTag.CallOpen, open);
        _builder.Tag(close, OutputTag.CallClose, rule.Last);
        int[] behind = _builder.AfterEach(open, names);
        for (int i = 0; i < names.Count; i++)
        {
            ArgumentRules.RequireWritable(names[i]);
            if (IsHeld(names[i]))
                new ArgumentRules(_builder, _json, _tools, names[i]).Add(behind[i], close);
            else
                ArgumentRules.AddFree(_builder, _json, behind[i], close);
        }

        return number;
    }

    /// <summary>
    /// True when a function's arguments are held to its schema. One that is not strict is tried by itself first.
    /// </summary>
    private bool IsHeld(string function)
    {
        if (_form.Strict.Contains(function))
            return true;
        if (!_form.IsRequired)
            return false;
        try
        {
            var trial = new GrammarBuilder();
            int root = trial.NewRule();
            new ArgumentRules(trial, new JsonRules(trial), _tools, function).Add(trial.Rules[root].First, trial.Rules[root].Last);
            trial.Build(root);
            return true;
        }
        catch (GrammarException)
        {
            return false;
        }
    }
}
