using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;
using Sovereign.Image.Content;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Imports;

/// <summary>Downloads by http and https within the guard's bounds; goes on where an earlier try ended if the server says that its file is still the same.</summary>
internal sealed class WebSource(AddressGuard guard, TimeProvider clock) : IImportSource
{
    private const int RedirectsMax = 5;
    private const int BufferBytes = 256 * 1024;
    private static readonly TimeSpan connectTimeMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan headersTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan idleMax = TimeSpan.FromSeconds(60);

    public async Task<Outcome<Done>> Fetch(string source, SafeFileHandle file, string? validator, Func<string?, Task> remember, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = connectTimeMax, MaxResponseHeadersLength = 64,
            ConnectCallback = (context, cancelled) => guard.Connect(context.DnsEndPoint, cancelled),
        };
        using var client = new HttpMessageInvoker(handler);
        try
        {
            var have = validator is null ? 0 : RandomAccess.GetLength(file);
            var answered = await Ask(client, new Uri(source), have, validator, stop);
            if (answered.Fault is { } refused) return refused;
            using var response = answered.Value;
            return await Take(response, file, have, remember, stop);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or System.Net.Sockets.SocketException)
        {
            if (error is IOException full && ContentReceiver.IsDiskFull(full)) return ContentReceiver.DiskFull;
            if (Refusal(error) is { } guarded) return new Fault.Invalid("uri", guarded.Message);
            return new Fault.Unavailable($"{source} can't be fetched now: {error.Message}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new Fault.Unavailable($"{source} gave nothing for too long.");
        }
    }

    /// <summary>Asks, and follows redirections: each is guarded as the first, and none leads from https to http.</summary>
    private async Task<Outcome<HttpResponseMessage>> Ask(HttpMessageInvoker client, Uri uri, long have, string? validator, CancellationToken stop)
    {
        for (var hops = 0; hops <= RedirectsMax; hops++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, uri);
            request.Headers.TryAddWithoutValidation("User-Agent", "sovereign-image-import");
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
            if (have > 0)
            {
                request.Headers.Range = new RangeHeaderValue(have, null);
                request.Headers.TryAddWithoutValidation("If-Range", validator);
            }

            var response = await Send(client, request, stop);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308)) return response;
            var location = response.Headers.Location;
            response.Dispose();
            var next = guard.Check(location is null ? null : new Uri(uri, location).AbsoluteUri);
            if (next.Fault is { } refused) return refused;
            if (uri.Scheme == "https" && next.Value.Scheme != "https") return new Fault.Invalid("uri", $"{uri} leads from https to http, which is not followed.");
            uri = next.Value;
        }

        return new Fault.Invalid("uri", $"{uri} leads on more than {RedirectsMax} times.");
    }

    private async Task<HttpResponseMessage> Send(HttpMessageInvoker client, HttpRequestMessage request, CancellationToken stop)
    {
        using var timer = new CancellationTokenSource(headersTimeMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        return await client.SendAsync(request, either.Token);
    }

    private async Task<Outcome<Done>> Take(HttpResponseMessage response, SafeFileHandle file, long have, Func<string?, Task> remember, CancellationToken stop)
    {
        var status = (int)response.StatusCode;
        var headers = response.Content.Headers;
        if (status == 416 && headers.ContentRange?.Length == have && have > 0) return Done.Value;
        if (status is 408 or 416 or 429 or >= 500) return new Fault.Unavailable($"The server of the image answered with {status}.");
        if (status is not (200 or 206)) return new Fault.Invalid("uri", $"The server of the image answered with {status}.");
        if (status == 206 && headers.ContentRange?.From != have) return new Fault.Unavailable("The server of the image gave another range than it was asked for.");
        var at = status == 206 ? have : 0;
        var total = headers.ContentLength is { } rest ? at + rest : (long?)null;
        if (total > UploadService.BytesMax) return TooLarge();
        if (status == 200)
        {
            RandomAccess.SetLength(file, 0);
            await remember(Validator(response));
        }

        await using var body = await response.Content.ReadAsStreamAsync(stop);
        var buffer = new byte[BufferBytes];
        while (await Read(body, buffer, stop) is > 0 and var count)
        {
            if (at + count > UploadService.BytesMax) return TooLarge();
            await RandomAccess.WriteAsync(file, buffer.AsMemory(0, count), at, stop);
            at += count;
        }

        if (total is { } whole && at != whole) return new Fault.Unavailable("The download was cut off.");
        RandomAccess.FlushToDisk(file);
        return Done.Value;
    }

    private async Task<int> Read(Stream body, byte[] buffer, CancellationToken stop)
    {
        using var timer = new CancellationTokenSource(idleMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        return await body.ReadAsync(buffer, either.Token);
    }

    /// <summary>Only a strong one proves that later bytes belong to earlier ones.</summary>
    private static string? Validator(HttpResponseMessage response) => response.Headers.ETag is { IsWeak: false } tag
        ? tag.Tag
        : response.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);

    private static AddressRefusedException? Refusal(Exception? error) => error switch
    {
        null => null,
        AddressRefusedException refused => refused,
        _ => Refusal(error.InnerException),
    };

    private static Fault.TooLarge TooLarge() => new($"The image is larger than {UploadService.BytesMax} bytes, the limit for images.");
}
