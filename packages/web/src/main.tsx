import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './styles/base.css';
import './styles/parts.css';
import './styles/shortcuts.css';
import './styles/views.css';
import './styles/start-image.css';

const root = document.getElementById('root');
if (root === null) throw new Error('the document has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
