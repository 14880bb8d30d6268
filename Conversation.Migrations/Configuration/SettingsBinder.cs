using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Conversation.Migrations.Configuration;

/// <summary>Fills a settings record from variables, by the <see cref="VariableAttribute"/> of its properties.</summary>
internal static class SettingsBinder
{
    /// <summary>What an example file holds where a real value is still missing: as good as nothing.</summary>
    private static readonly string[] Placeholders = ["your_client_id_here", "your_client_secret_here"];

    private static readonly RangeAttribute AnyNumber = new(0, int.MaxValue);

    /// <summary>The record with every variable that is set; an empty one leaves the default.</summary>
    /// <param name="find">The value of a variable, null where it is not set.</param>
    /// <exception cref="SettingsException">A value cannot be used.</exception>
    public static T Bind<T>(Func<string, string?> find)
        where T : new()
    {
        object settings = new T();
        foreach (var property in typeof(T).GetProperties())
        {
            if (property.GetCustomAttribute<VariableAttribute>() is { } variable && find(variable.Name) is { Length: > 0 } text)
            {
                var value = Parse(property, variable.Name, text);
                foreach (var rule in property.GetCustomAttributes<ValidationAttribute>().Where(rule => !rule.IsValid(value)))
                {
                    throw new SettingsException(variable.Name, Describe(rule));
                }

                property.SetValue(settings, value);
            }
        }

        return (T)settings;
    }

    /// <summary>The first value that is a real one.</summary>
    public static string? FirstReal(params ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
        {
            if (value is { Length: > 0 } && !Placeholders.Contains(value.Trim()))
            {
                return value;
            }
        }

        return null;
    }

    private static object Parse(PropertyInfo property, string variable, string text)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(int))
        {
            return int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new SettingsException(variable, Describe(property.GetCustomAttribute<RangeAttribute>() ?? AnyNumber));
        }

        if (type == typeof(bool))
        {
            return text.Trim().ToUpperInvariant() switch
            {
                "TRUE" or "1" or "YES" or "ON" or "T" or "Y" => true,
                "FALSE" or "0" or "NO" or "OFF" or "F" or "N" => false,
                _ => throw new SettingsException(variable, "must be true or false"),
            };
        }

        if (type == typeof(Uri))
        {
            return Uri.TryCreate(text.Trim(), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url
                : throw new SettingsException(variable, "must be an address that begins with http:// or https://");
        }

        return type == typeof(IReadOnlyList<string>) ? ParseList(variable, text) : text;
    }

    private static string[] ParseList(string variable, string text)
    {
        try
        {
            if (JsonSerializer.Deserialize<string?[]>(text) is { } list && !list.Contains(null))
            {
                return list!;
            }
        }
        catch (JsonException)
        {
            // Answered below, as a list with a null in it is.
        }

        throw new SettingsException(variable, """must be a JSON list of strings, such as ["https://app.example.com"]""");
    }

    private static string Describe(ValidationAttribute rule) => rule switch
    {
        RangeAttribute range => string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {range.Minimum} to {range.Maximum}"),
        AllowedValuesAttribute allowed => $"must be {string.Join(" or ", allowed.Values)}",
        _ => rule.FormatErrorMessage("The value"),
    };
}
