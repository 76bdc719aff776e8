using Glm5.Host.Access;
using Glm5.Host.Api.Anthropic;
using Glm5.Host.Api.OpenApi;
using Glm5.Host.Api.Responses;
using Glm5.Host.Metrics;
using Glm5.Host.Serving;
using Glm5.Host.Web;

namespace Glm5.Host.Api;

/// <summary>Which path is answered by what.</summary>
internal static class ApiRoutes
{
    /// <summary>The paths, for people who missed one.</summary>
    public const string Listing =
        "/v1/chat/completions, /v1/completions, /v1/responses, /v1/messages, /v1/messages/count_tokens, /v1/models, "
        + "/tokenize, /detokenize, /parse_function_call, /separate_reasoning, /health, /health/live, /health/ready, /ping, /metrics, /version, "
        + "/openapi.json";

    private static readonly string[] s_readMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>What the endpoints need.</summary>
    public static void Add(IServiceCollection services) => services
        .AddSingleton<KeySource>()
        .AddSingleton<KeyGate>()
        .AddSingleton<Doors>()
        .AddSingleton<BrowserGuard>()
        .AddSingleton<BodyBudget>();

    /// <summary>Maps every path.</summary>
    public static void Map(WebApplication app)
    {
        UseDoors(app);
        OpenPath.Mark(MetricsEndpoint.Map(app));
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
        OpenPath.Mark(app.MapMethods("/health", s_readMethods, HealthEndpoint.AnswerAsync));
        OpenPath.Mark(app.MapMethods("/health/ready", s_readMethods, HealthEndpoint.AnswerAsync));
        OpenPath.Mark(app.MapMethods("/health/live", s_readMethods, HealthEndpoint.AnswerLiveAsync));
        OpenPath.Mark(app.MapMethods("/ping", s_readMethods, HealthEndpoint.AnswerAsync));
        OpenPath.Mark(app.MapGet("/version", VersionEndpoint.AnswerAsync));
        OpenPath.Mark(app.MapGet("/openapi.json", OpenApiDocument.AnswerAsync));
        app.MapPage();
    }

    /// <summary>What a request passes before its endpoint, in this order.</summary>
    private static void UseDoors(WebApplication app)
    {
        app.Use(next => http => RequestId.AssignAsync(http, next));
        app.Use(next => http => ErrorAnswers.GuardAsync(http, next));
        ServedModel model = app.Services.GetRequiredService<ServedModel>();
        app.Use(next => http =>
        {
            // A client that keeps its connection would come here again.
            if (model.IsDraining)
                http.Response.Headers.Connection = "close";
            return next(http);
        });
        BrowserGuard browsers = app.Services.GetRequiredService<BrowserGuard>();
        app.Use(next => http =>
        {
            browsers.Check(http.Request);
            return next(http);
        });
        BrowserGuard.UseCors(app);
        app.UseRouting();
        Doors doors = app.Services.GetRequiredService<Doors>();
        KeyGate keys = app.Services.GetRequiredService<KeyGate>();
        app.Use(next => http => doors.PassAsync(http, next));
        app.Use(next => http => keys.PassAsync(http, next));
    }
}
