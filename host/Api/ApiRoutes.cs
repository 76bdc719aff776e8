using Glm5.Host.Api.Anthropic;
using Glm5.Host.Api.Responses;
using Glm5.Host.Metrics;
using Glm5.Host.Web;

namespace Glm5.Host.Api;

/// <summary>Which path is answered by what.</summary>
internal static class ApiRoutes
{
    /// <summary>The paths, for people who missed one.</summary>
    public const string Listing =
        "/v1/chat/completions, /v1/completions, /v1/responses, /v1/messages, /v1/messages/count_tokens, /v1/models, "
        + "/tokenize, /detokenize, /parse_function_call, /separate_reasoning, /health, /ping, /metrics, /version";

    private static readonly string[] s_readMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>What the endpoints need.</summary>
    public static void Add(IServiceCollection services) => services
        .AddSingleton<ApiKeys>()
        .AddSingleton<BrowserGuard>()
        .AddSingleton<BodyBudget>();

    /// <summary>Maps every path.</summary>
    public static void Map(WebApplication app)
    {
        app.Use(next => http => ErrorAnswers.GuardAsync(http, next));
        ApiKeys keys = app.Services.GetRequiredService<ApiKeys>();
        BrowserGuard browsers = app.Services.GetRequiredService<BrowserGuard>();
        app.Use(next => http =>
        {
            browsers.Check(http.Request);
            keys.Check(http.Request);
            return next(http);
        });
        app.UseRouting();
        ServerMetrics.Map(app);
        app.MapPost("/v1/chat/completions", ChatEndpoint.AnswerAsync);
        app.MapPost("/v1/completions", CompletionEndpoint.AnswerAsync);
        app.MapPost("/v1/messages", MessagesEndpoint.AnswerAsync);
        app.MapPost("/v1/messages/count_tokens", MessagesEndpoint.CountAsync);
        app.MapPost("/v1/responses", ResponsesEndpoint.AnswerAsync);
        app.MapPost("/tokenize", TokenizeEndpoints.TokenizeAsync);
        app.MapPost("/detokenize", TokenizeEndpoints.DetokenizeAsync);
        app.MapPost("/parse_function_call", ParseEndpoints.ParseCallsAsync);
        app.MapPost("/separate_reasoning", ParseEndpoints.SeparateReasoningAsync);
        app.MapGet("/v1/models", ModelsEndpoint.ListAsync);
        app.MapGet("/v1/models/{**id}", ModelsEndpoint.FindAsync);
        app.MapMethods("/health", s_readMethods, HealthEndpoint.AnswerAsync);
        app.MapMethods("/ping", s_readMethods, HealthEndpoint.AnswerAsync);
        app.MapGet("/version", VersionEndpoint.AnswerAsync);
        app.MapPage();
    }
}
