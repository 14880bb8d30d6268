using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Conversation.Api.Health;

/// <summary>Whether the service lives and can serve. No token is needed.</summary>
[ApiController]
[AllowAnonymous]
[Route("health")]
[Tags("Health")]
public sealed class HealthController : ControllerBase
{
    /// <summary>The process answers.</summary>
    /// <remarks>Says nothing of the database.</remarks>
    /// <response code="200">It does.</response>
    [HttpGet(Name = "getHealth")]
    [HttpGet("live", Name = "getLiveness")]
    [ProducesResponseType<HealthBody>(StatusCodes.Status200OK)]
    public HealthBody Live() => new("ok");

    /// <summary>The service can serve: the database answers and has the schema.</summary>
    /// <remarks>Take a node out of rotation while this fails, but do not restart it.</remarks>
    /// <param name="readiness">Looks.</param>
    /// <param name="token">Ends the look.</param>
    /// <response code="200">It can. What is said of the runtime never makes it unready.</response>
    /// <response code="503">It cannot; the body says what is missing.</response>
    [HttpGet("ready", Name = "getReadiness")]
    [ProducesResponseType<ReadyBody>(StatusCodes.Status200OK)]
    public async Task<ReadyBody> ReadyAsync([FromServices] Readiness readiness, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(readiness);
        await readiness.CheckAsync(token);
        return new ReadyBody("ok", readiness.Runtime);
    }
}

/// <summary>A state of health.</summary>
/// <param name="Status">Always <c>ok</c>; anything else is a problem.</param>
public sealed record HealthBody(string Status);

/// <summary>A state of readiness.</summary>
/// <param name="Status">Always <c>ok</c>; anything else is a problem.</param>
/// <param name="Runtime">What answers user messages.</param>
public sealed record ReadyBody(string Status, RuntimeBody Runtime);

/// <summary>The runtime of new runs.</summary>
/// <param name="Name">Such as <c>langflow</c> or <c>simulated</c>.</param>
/// <param name="State"><c>ok</c>, <c>unknown</c> before the first run, <c>failing</c>, <c>circuit_open</c>, or <c>missing</c>.</param>
public sealed record RuntimeBody(string Name, string State);
