namespace Conversation.Migrations.Configuration;

/// <summary>A variable whose value cannot be used. The message names the variable and the fix, and never holds the value.</summary>
internal sealed class SettingsException(string variable, string rule) : Exception($"{variable} {rule}.");
