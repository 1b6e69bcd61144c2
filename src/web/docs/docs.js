// Swagger UI around this server's own document, with a badge on what needs no token.
'use strict';

// Beside the path of an operation whose row says that it is public (x-public).
const publicBadge = () => ({
  wrapComponents: {
    OperationSummaryPath: (Original, { React, specSelectors }) => function PathWithBadge(props) {
      const where = ['paths', props.operationProps.get('path'), props.operationProps.get('method'), 'x-public'];
      const isPublic = specSelectors.specJson().getIn(where) === true;
      const path = React.createElement(Original, props);
      return isPublic
        ? React.createElement(React.Fragment, null, path, React.createElement('span', { className: 'public-badge' }, 'Public'))
        : path;
    },
  },
});

window.ui = window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  presets: [window.SwaggerUIBundle.presets.apis],
  plugins: [publicBadge],
  layout: 'BaseLayout',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing is asked of anybody but this server
});
