using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Glm5.Host.Access;

namespace Glm5.Tests.Clients.Access;

/// <summary>A server that proves itself by a certificate.</summary>
[TestClass]
public sealed class TlsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task It_answers_by_https_alone_and_takes_a_new_certificate_without_a_restart()
    {
        CertificateFiles files = WriteCertificate("first");
        await using RunningServer server = await RunningServer.ListenAsync(o => o with { Certificate = files });
        Assert.AreEqual("https", server.Address.Scheme);
        Assert.AreEqual("CN=first", await NameAsync(server));
        using var plain = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(
            () => plain.GetAsync(new UriBuilder(server.Address) { Scheme = "http", Path = "/version" }.Uri));

        _folder.Write("cert.pem", "half of a certificate");
        await Task.Delay(FileWatch.Period * 1.5);
        Assert.AreEqual("CN=first", await NameAsync(server));
        WriteCertificate("second");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await NameAsync(server) != "CN=second")
            await Task.Delay(50, patience.Token);
    }

    [TestMethod]
    public async Task A_certificate_that_cannot_be_used_ends_the_start_with_a_sentence()
    {
        CertificateFiles files = WriteCertificate("first");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _folder.Write("key.pem", other.ExportPkcs8PrivateKeyPem());
        AccessException refusal = await Assert.ThrowsExactlyAsync<AccessException>(
            () => RunningServer.ListenAsync(o => o with { Certificate = files }));
        Assert.Contains("cert.pem with ", refusal.Message);
        Assert.Contains("--ssl-certfile", refusal.Message);
        await Assert.ThrowsExactlyAsync<AccessException>(
            () => RunningServer.ListenAsync(o => o with { Certificate = new CertificateFiles(_folder["none.pem"], null) }));
    }

    private CertificateFiles WriteCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return new CertificateFiles(
            _folder.Write("cert.pem", certificate.ExportCertificatePem()), _folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem()));
    }

    private static async Task<string> NameAsync(RunningServer server)
    {
        string name = "";
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            name = certificate?.Subject ?? "";
            return name.Length > 0;
        };
        using var client = new HttpClient(handler) { BaseAddress = server.Address };
        Assert.Contains("version", await client.GetStringAsync(new Uri("/version", UriKind.Relative)));
        return name;
    }
}
