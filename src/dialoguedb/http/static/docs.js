// Everything comes from this server; nothing is asked of any other.
SwaggerUIBundle({
  dom_id: "#docs",
  url: new URL("../openapi.json", document.currentScript.src).href,
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
