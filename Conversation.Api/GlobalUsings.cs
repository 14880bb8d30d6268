// The service and the operator's commands read their variables in one way.
global using Conversation.Migrations.Configuration;
